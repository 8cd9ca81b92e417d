"""Torch from Python: modules from memory, and loops that are listened to."""

from __future__ import annotations

import io

import numpy as np
import pytest

import unstuck
from unstuck.base.errors import UnstuckError
from unstuck.capture import capture_module
from unstuck.diagnosis.applied_repair import ReadyRepair

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch


def test_a_word_for_where_torch_is_missing(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"pip install 'unstuck\[torch\]'"):
        _ = unstuck.torch


def given(*, rate: float = 0.1):
    """A module, its loss, its optimizer and its loader."""
    torch.manual_seed(0)
    x = torch.randn(120, 4)
    rows = torch.utils.data.TensorDataset(x, x[:, :1] + x[:, 1:2])
    loader = torch.utils.data.DataLoader(
        rows, batch_size=20, shuffle=True, generator=torch.Generator().manual_seed(1))
    module = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1))
    return module, torch.nn.MSELoss(), torch.optim.SGD(module.parameters(), lr=rate), loader


def bits(module, loader) -> list[bytes]:
    """All that a training changes."""
    states = [torch.get_rng_state(), loader.generator.get_state()]
    return [one.detach().numpy().tobytes() for one in (*module.parameters(), *states)]


def train(module, loss_fn, optimizer, loader, epochs=10):
    for _epoch in range(epochs):
        for x, y in loader:
            optimizer.zero_grad()
            loss_fn(module(x), y).backward()
            optimizer.step()


def test_a_module_is_diagnosed_and_left_as_it_is():
    module, *rest = given()
    before = bits(module, rest[-1])
    captured = capture_module(module, *rest, epochs=9)
    assert bits(module, rest[-1]) == before
    recipe = captured.recipe
    assert (recipe.updates, recipe.batch_size, recipe.epochs, len(recipe.x)) == (54, 20, 9, 120)
    assert recipe.shuffle and not recipe.architecture.kept and captured.script is None
    found = unstuck.diagnose(module, *rest, epochs=9, budget="64runs")
    assert found.result.population.replicas >= 16
    with pytest.raises(UnstuckError, match="told, not applied"):
        ReadyRepair(info=None, before=recipe, after=recipe).apply(module)


def test_layers_that_are_not_as_torch_made_them_are_kept():
    module, *rest = given()
    with torch.no_grad():
        module[0].weight.mul_(3)
    kept = capture_module(module, *rest, epochs=9).recipe.architecture.kept
    assert kept == {"linear_0/kernel", "linear_0/bias"}


WRONG = {
    "The second argument is the loss": lambda m, c, o, d: (m,),
    "The third argument is an optimizer": lambda m, c, o, d: (m, c, "adam"),
    "The fourth argument gives batches": lambda m, c, o, d: (m, c, o, torch.ones(3)),
    "gone through only once": lambda m, c, o, d: (m, c, o, (one for one in d)),
    "epochs says how often": lambda m, c, o, d: (m, c, o, d),
    "made for another one": lambda m, c, o, d: (torch.nn.Linear(4, 1), c, o, d),
}


@pytest.mark.parametrize("told", WRONG)
def test_what_is_handed_over_wrongly_is_told(told):
    epochs = {} if "epochs" in told else {"epochs": 3}
    with pytest.raises(UnstuckError, match=told):
        unstuck.diagnose(*WRONG[told](*given()), **epochs)


def test_a_loop_that_is_watched_trains_the_same_bits_and_can_be_diagnosed():
    alone = given()
    train(*alone)
    watched, lines = given(), io.StringIO()
    with unstuck.torch.watch(budget="64runs", out=lines) as watcher:
        train(*watched)
    assert bits(watched[0], watched[-1]) == bits(alone[0], alone[-1])
    assert "in 60 batches" in lines.getvalue()
    found = watcher.diagnosis()
    assert found.result.fit.updates == 60 and found.result.population.replicas >= 16
    assert np.isfinite(found.arrays["control/loss"]).all()


def test_a_block_without_a_training_says_so():
    lines = io.StringIO()
    with unstuck.torch.watch(out=lines) as watcher:
        pass
    assert "was the loop inside" in lines.getvalue()
    with pytest.raises(UnstuckError, match="put the loop into the block"):
        watcher.diagnosis()


def test_two_optimizers_in_turn_go_on_while_they_are_watched():
    module, loss_fn, one, loader = given()
    two = torch.optim.SGD(module.parameters(), lr=0.1)
    with unstuck.torch.watch(out=io.StringIO()) as watcher:
        for x, y in loader:
            for optimizer in (one, two):
                optimizer.zero_grad()
                loss_fn(module(x), y).backward()
                optimizer.step()
    with pytest.raises(UnstuckError, match="in turn"):
        watcher.diagnosis()
