"""Loops, data and rates in torch's spelling: the repaired text, captured again, has no fault."""

from __future__ import annotations

import pytest

from unstuck.capture import capture_text
from unstuck.diagnosis.units import in_units_of
from unstuck.interventions import edits_for
from unstuck.interventions._network import output_activation
from unstuck.interventions.batch_first import BatchFirst
from unstuck.interventions.clipping import NoClipping
from unstuck.interventions.optimizer import UseOptimizer
from unstuck.interventions.permute_view import PermuteView
from unstuck.interventions.rates_by_epoch import RatesByEpoch
from unstuck.interventions.scale_data import ScaleData
from unstuck.interventions.scale_inputs import ScaleInputs
from unstuck.interventions.scale_targets import ScaleTargets
from unstuck.interventions.schedule import ConstantRate
from unstuck.interventions.train_as_fit import TrainAsFit, left_out
from unstuck.interventions.trained_through import TrainedThrough, flag_of
from unstuck.network import adapter

pytest.importorskip("torch")
pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore:__array__ impl:DeprecationWarning"),
              pytest.mark.filterwarnings("ignore:.*lr_scheduler.step.*:UserWarning")]

HEAD = """
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset
torch.manual_seed(0)
X_train = 20 + 9 * torch.randn(40, 12)
X_train[:, 3] = 1.0
y_train = 500 + 90 * torch.randn(40, 1)
"""
NETWORK = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(12, 6), nn.ReLU(), nn.Linear(6, 4))
        self.head = nn.Linear(4, 1)

    def forward(self, x):
        return self.head(self.encoder(x))

model = Net().to(torch.device("cpu"))
"""
OPTIMIZER = "optimizer = torch.optim.SGD(model.parameters(), lr=1e-4)\n"
LOADER = "loader = DataLoader(TensorDataset(X_train, y_train), batch_size=10, shuffle=True)\n"
LOOP = """criterion = nn.MSELoss()
for epoch in range(6):
    for i, (inputs, labels) in enumerate(loader):
        optimizer.zero_grad()
        outputs = model(inputs)
        loss = criterion(outputs, labels)
        loss.backward()
        optimizer.step()
"""
PLAIN = HEAD + NETWORK + OPTIMIZER + LOADER + LOOP
GROWN = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = []
        for size in (12, 6):
            self.hidden.append(nn.Linear(size, 6))
        self.head = nn.Linear(6, 1)

    def forward(self, x):
        for layer in self.hidden:
            x = torch.tanh(layer(x))
        return self.head(x)

model = Net()
"""
TWO = """
encoder = nn.Sequential(nn.Linear(12, 6), nn.ReLU())
decoder = nn.Linear(6, 1)
first = torch.optim.SGD(encoder.parameters(), lr=1e-4)
optimizer = torch.optim.SGD(decoder.parameters(), lr=1e-4)
"""
LOOPS = {
    "a list that layers are appended to": (
        HEAD + GROWN + OPTIMIZER + LOADER + LOOP, "self.hidden = nn.ModuleList()"),
    "an optimizer without the encoder": (
        HEAD + TWO + LOADER + LOOP.replace("model(inputs)", "decoder(encoder(inputs))"),
        "torch.optim.SGD([*decoder.parameters(), *encoder.parameters()], lr=1e-4)"),
    "an optimizer of one part": (
        PLAIN.replace("SGD(model.parameters()", "SGD(model.head.parameters()"),
        "SGD(model.parameters(), lr=1e-4)"),
    "a step before the gradients": (
        PLAIN.replace("        optimizer.step()\n", "").replace(
            "zero_grad()\n", "zero_grad()\n        optimizer.step()\n"),
        "        loss.backward()\n        # gradients were cleared before the step\n"
        "        optimizer.step()\n"),
    "a step after some of the batches, gradients cleared in each": (
        PLAIN.replace("        optimizer.step()\n",
                      "        if i % 2 == 1:\n            optimizer.step()\n"),
        "        loss.backward()\n        optimizer.step()\n"),
    "no_grad around the encoder": (
        PLAIN.replace("        return self.head(self.encoder(x))\n",
                      "        with torch.no_grad():\n            z = self.encoder(x)\n"
                      "        return self.head(z)\n"),
        "        z = self.encoder(x)\n        return self.head(z)\n"),
}


def edited(text, *changes):
    """A script with changes written, and its recipe."""
    before = capture_text(text, filename="train.py")
    edits = edits_for(changes or faults(before.recipe), before.script, before.recipe)
    assert edits, "it cannot be written"
    rewritten = before.script.apply(edits).text
    return rewritten, capture_text(rewritten, filename="train.py").recipe


def faults(recipe):
    """What mends all that the loop gets wrong."""
    return (*(TrainAsFit(what=what) for what in (left_out(recipe.loop) if recipe.loop else ())),
            *(TrainedThrough(layer=layer.name) for layer in recipe.layers if flag_of(layer.config)))


@pytest.mark.parametrize(("text", "written"), LOOPS.values(), ids=LOOPS)
def test_a_loop_is_mended(text, written):
    rewritten, recipe = edited(text)
    assert written in rewritten
    assert faults(recipe) == () and recipe.loop is None


def test_clipping_and_a_scheduler_are_taken_out_with_their_optimizer():
    text = PLAIN.replace("        optimizer.step()\n",
                         "        nn.utils.clip_grad_norm_(model.parameters(), 1e-3)\n"
                         "        optimizer.step()\n        scheduler.step()\n")
    made = "scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)\n"
    text = text.replace("criterion", f"{made}criterion", 1)
    rewritten, recipe = edited(text, NoClipping(), ConstantRate(value=1e-4))
    assert "clip_grad_norm_" not in rewritten and "scheduler.step()" not in rewritten
    assert recipe.optimizer.learning_rate == pytest.approx(1e-4)
    assert not recipe.optimizer.config["global_clipnorm"]
    rewritten, recipe = edited(text, RatesByEpoch())
    assert rewritten.endswith(
        "    # the scheduler made a step with every batch\n    scheduler.step()\n")
    assert recipe.optimizer.config["learning_rate"]["config"]["every"] == 4
    tried = RatesByEpoch().apply(capture_text(text, filename="train.py").recipe)
    assert adapter.schedule_of(tried.optimizer.build()).every == 4
    rewritten, recipe = edited(text, UseOptimizer(name="Adam", learning_rate=0.01))
    assert recipe.optimizer.kind == "Adam" and "clip_grad_norm_" not in rewritten


def test_a_scheduler_stays_where_it_was_when_steps_are_made_after_every_batch():
    text = PLAIN.replace("        optimizer.step()\n", "    optimizer.step()\n    scheduler.step()\n")
    made = "scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)\n"
    text = text.replace("criterion", f"{made}criterion", 1)
    change = TrainAsFit(what="steps_every")
    tried = change.apply(capture_text(text, filename="train.py").recipe)
    _, written = edited(text, change)
    for one in (tried, written):  # the schedule of the optimizer that is trained with
        told = adapter.schedule_of(one.optimizer.build()).get_config()
        assert told["every"] == 4 and told["rates"] == pytest.approx([1e-4 * 0.5**n for n in range(6)])


def test_many_columns_are_scaled_by_the_name_of_the_rows():
    rewritten, recipe = edited(PLAIN, ScaleInputs())
    assert "X_train_mean, X_train_std = X_train.mean(0), X_train.std(0)" in rewritten
    assert "X_train_std[X_train_std == 0] = 1" in rewritten
    assert "x = (x - X_train_mean) / X_train_std" in rewritten
    assert recipe.updates == 24


def test_targets_are_scaled_within_the_network_and_its_loss():
    rewritten, recipe = edited(PLAIN, ScaleTargets())
    assert "return self.head(self.encoder(x)) * " in rewritten
    assert "loss = criterion(outputs, labels) / " in rewritten
    assert recipe.loss_name == "mean_squared_error" and recipe.loss_weights < 1e-3


def test_data_that_come_out_again_are_divided_where_they_are_made():
    text = (HEAD + "X_train = 30 * torch.rand(40, 12)\nX_test = 30 * torch.rand(9, 12)\n"
            + "model = nn.Sequential(nn.Linear(12, 3), nn.ReLU(), nn.Linear(3, 12), nn.Sigmoid())\n"
            + OPTIMIZER + "loader = DataLoader(X_train, batch_size=10, shuffle=True)\n"
            + LOOP.replace("i, (inputs, labels) in enumerate(loader)", "inputs in loader").replace(
                "labels", "inputs") + "print(criterion(model(X_test), X_test))\n")
    by = ScaleData.of(capture_text(text, filename="train.py").recipe)
    rewritten, recipe = edited(text, by)
    assert "X_train = X_train / 30" in rewritten and "X_test = X_test / 30" in rewritten
    assert recipe.x.max() <= 1.0


def test_rows_that_are_read_as_steps():
    text = PLAIN.replace("X_train = 20 + 9 * torch.randn(40, 12)\nX_train[:, 3] = 1.0",
                         "X_train = torch.randn(40, 5, 2)")
    text = text[: text.index("class Net")] + """class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn, self.head = nn.GRU(2, 4), nn.Linear(4, 1)

    def forward(self, x):
        out, h = self.rnn(x)
        return self.head(out[:, -1])

model = Net()
""" + text[text.index("optimizer = "):]
    rewritten, recipe = edited(text, BatchFirst())
    assert "nn.GRU(2, 4, batch_first=True)" in rewritten
    assert [layer.kind for layer in recipe.layers] == ["InputLayer", "GRU", "Dense"]
    assert output_activation(recipe).name == "head"  # behind a slice, which is no layer


def test_rows_whose_axes_change_places_are_judged_as_the_rows_of_the_view():
    text = PLAIN.replace("X_train = 20 + 9 * torch.randn(40, 12)\nX_train[:, 3] = 1.0",
                         "X_train = torch.randn(4, 40, 3).view(40, 3, 4)[:36]").replace(
        "self.encoder(x)", "self.encoder(x.flatten(1))").replace("randn(40, 1)", "randn(36, 1)")
    before, change = capture_text(text, filename="train.py").recipe, PermuteView(dims=(1, 2, 0))
    rewritten, recipe = edited(text, change)
    assert ".permute(1, 2, 0)[:36]" in rewritten
    known = in_units_of(before, recipe)
    assert sorted(map(bytes, known.x)) == sorted(map(bytes, before.x))
    assert (known.scaled(known.x) == recipe.x).all() and known.filled == change.apply(before).filled
