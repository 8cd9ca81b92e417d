"""A DataLoader that goes through all its rows tells the rounds to come before the first is over."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from unstuck.capture import capture_script  # noqa: E402  torch may be missing

pytestmark = pytest.mark.torch

SCRIPT = """\
import torch
from torch.utils.data import DataLoader, Dataset, TensorDataset

torch.manual_seed(3)
x = torch.randn(460, 3)
y = (x.sum(1) > 0).long()


class Rows(Dataset):
    def __len__(self):
        return len(x)

    def __getitem__(self, i):
        return x[i] NOISE, int(y[i])


loader = DataLoader(DATA, batch_size=8, shuffle=SHUFFLE)
model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Dropout(0.1), torch.nn.Linear(4, 2))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.9)
for epoch in range(5):
    BEGIN
    for rows, labels in loader:
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(model(rows), labels)
        loss.backward()
        optimizer.step()
        EACH
    ROUND
    print("round", epoch)
"""
NAMES = {"NOISE": "", "DATA": "TensorDataset(x, y)", "SHUFFLE": "True", "BEGIN": "model.train()",
         "EACH": "pass", "ROUND": "pass"}


def captured(tmp_path, *, through=False, **given):
    text = SCRIPT
    for name, value in {**NAMES, **given}.items():
        text = text.replace(name, value)
    (tmp_path / "train.py").write_text(text)
    return capture_script(tmp_path / "train.py", through=through)


def ran(capfd):
    return capfd.readouterr().err.count("round")


@pytest.mark.parametrize("given", [
    {"SHUFFLE": "True"}, {"SHUFFLE": "False"}, {"DATA": "Rows()"}, {"ROUND": "scheduler.step()"},
    {"EACH": "scheduler.step()"}, {"ROUND": "model.eval()", "BEGIN": "pass"},
], ids=["shuffled", "in order", "own dataset", "rate by round", "rate by update", "eval stays"])
def test_it_is_the_recipe_of_the_whole_run(tmp_path, capfd, given):
    early = captured(tmp_path, **given)
    assert "over a DataLoader" in early.notes[0]
    assert ran(capfd) == 1  # the round that was cut short; the second one was only begun
    whole = captured(tmp_path, through=True, **given)
    assert ran(capfd) == 5
    mine, theirs = early.recipe, whole.recipe
    assert (mine.epochs, mine.batch_size, mine.shuffle, mine.updates) == (
        theirs.epochs, theirs.batch_size, theirs.shuffle, theirs.updates)
    assert mine.loop == theirs.loop
    np.testing.assert_allclose(mine.rates(), theirs.rates(), rtol=1e-6)
    one, other = (np.column_stack([recipe.x, recipe.y]) for recipe in (mine, theirs))
    np.testing.assert_array_equal(one[np.lexsort(one.T)], other[np.lexsort(other.T)])
    if not mine.shuffle:
        np.testing.assert_array_equal(one, other)
    assert mine.sites.keys() == theirs.sites.keys()


@pytest.mark.parametrize("given", [
    {"DATA": "Rows()", "NOISE": "+ 0.01 * torch.randn(3)"},
    {"EACH": "if loss < 0: break"},
], ids=["rows drawn anew", "a loop that may be left"])
def test_a_loader_that_does_not_tell_all_is_run_through(tmp_path, capfd, given):
    found = captured(tmp_path, ROUND="scheduler.step()", **given)
    assert ran(capfd) == 5
    assert "over a DataLoader" not in found.notes[0]
    assert found.recipe.epochs == 5


def test_a_dataset_that_is_asked_for_its_rows_draws_nothing_from_the_script(tmp_path, capfd):
    """The user's own training goes on as it would have."""
    given = {"DATA": "Rows()", "NOISE": "+ 0.01 * torch.randn(3)", "ROUND": "print(loss.item())"}
    captured(tmp_path, through=True, **given)
    whole = [line for line in capfd.readouterr().err.splitlines() if line[:1].isdigit()]
    assert len(whole) == 5 and len(set(whole)) == 5
    captured(tmp_path, **given)
    asked = [line for line in capfd.readouterr().err.splitlines() if line[:1].isdigit()]
    assert asked and asked == whole[: len(asked)]
