"""Trainings of skorch's and Lightning's are torch trainings like any other."""

from __future__ import annotations

import pytest

from unstuck.capture import capture_script

torch = pytest.importorskip("torch")
pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore")]

HEAD = """
import torch
from torch import nn
torch.manual_seed(0)
X = torch.randn(200, 8)
y = (X[:, 0] > 0).long()
"""
SKORCH = HEAD + """
from skorch import NeuralNetClassifier


class Net(nn.Module):
    def __init__(self, hidden=10):
        super().__init__()
        self.one, self.drop, self.two = nn.Linear(8, hidden), nn.Dropout(0.2), nn.Linear(hidden, 2)

    def forward(self, X):
        return torch.softmax(self.two(self.drop(torch.relu(self.one(X)))), dim=-1)


net = NeuralNetClassifier(Net, max_epochs=6, lr=0.1, batch_size=40, iterator_train__shuffle=True)
net.fit(X.numpy(), y.numpy())
"""
LIGHTNING = HEAD + """
import lightning
from torch.utils.data import DataLoader, TensorDataset


class Lit(lightning.LightningModule):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(8, 10), nn.ReLU(), nn.Linear(10, 2))

    def training_step(self, batch, at):
        rows, labels = batch
        loss = nn.functional.cross_entropy(self.net(rows), labels)
        self.log("loss", loss)
        return loss

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), lr=0.01)


loader = DataLoader(TensorDataset(X, y), batch_size=32, shuffle=True)
trainer = lightning.Trainer(max_epochs=6, accelerator="cpu", logger=False, enable_checkpointing=False,
                            enable_progress_bar=False)
trainer.fit(Lit(), loader)
"""


@pytest.mark.parametrize(("package", "text", "size"), [
    ("skorch", SKORCH, 40), ("lightning", LIGHTNING, 32)])
def test_its_fit_is_the_recipe_that_it_is(write, package, text, size):
    pytest.importorskip(package)
    captured = capture_script(write(text))
    assert (captured.recipe.epochs, captured.recipe.batch_size) == (6, size)
    assert any("Shadow check" in note for note in captured.notes)
