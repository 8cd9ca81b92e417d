"""Loops of the user's own over `train_on_batch`: what kind they were, and when replicas can follow."""

from __future__ import annotations

import numpy as np
import pytest

from recipes import Watched
from unstuck.base.errors import NotSupported
from unstuck.capture import capture_script
from unstuck.capture.own_loops import passes
from unstuck.population.keras_engine.engine import KerasEngine

ROWS = np.arange(60, dtype="float32").reshape(20, 3)


def cut(order, size):
    return [(ROWS[order[at : at + size]], ROWS[order[at : at + size], :1], None)
            for at in range(0, len(order), size)]


def test_kinds_of_loops():
    rng = np.random.default_rng(0)
    once = np.arange(20)
    assert passes(cut(once, 8) * 4) == ("fixed", 4, 3)
    assert passes(cut(once, 20) * 5) == ("fixed", 5, 1)
    shuffled = [batch for _ in range(4) for batch in cut(rng.permutation(20), 8)]
    assert passes(shuffled) == ("rows", 4, 3)
    drawn = [batch for _ in range(6) for batch in cut(rng.choice(20, 8, replace=False), 8)]
    assert passes(drawn) == ("stream", 6, 1)
    with pytest.raises(NotSupported, match="unequal sizes"):
        passes([*cut(once, 8), *cut(once, 5)])


def test_kinds_of_loops_that_are_cut_within_an_epoch():
    rng = np.random.default_rng(0)
    once = np.arange(20)
    assert passes((cut(once, 8) * 4)[:-1], cut=True) == ("fixed", 3, 3)
    shuffled = [batch for _ in range(4) for batch in cut(rng.permutation(20), 8)]
    assert passes(shuffled[:-2], cut=True) == ("rows", 3, 3)
    drawn = [batch for _ in range(6) for batch in cut(rng.choice(20, 8, replace=False), 8)]
    assert passes(drawn, cut=True) == ("stream", 6, 1)
    whole = [batch for _ in range(120) for batch in cut(rng.choice(20, 8, replace=False), 8)]
    assert passes([*whole, whole[0]], cut=True) == ("stream", 60, 2)


WHOLE = """$DATA
$MODEL
keras.utils.set_random_seed(1)
for step in range(12):
    loss = model.train_on_batch(x, y=x)
    model.predict(x[:1], verbose=0)
with open(__file__ + ".loss", "w") as file:
    file.write(repr(float(model.evaluate(x, x, verbose=0))))
"""


def test_a_replica_does_what_the_loop_did(write, capsys):
    path = write(WHOLE)
    captured = capture_script(path)
    recipe = captured.recipe
    assert (captured.line, captured.of, recipe.epochs, recipe.updates) == (13, 1, 12, 12)
    assert "fit" not in recipe.sites and {"compile", "layer:dense"} <= recipe.sites.keys()
    assert "the same one in each of 12 epochs" in captured.notes[-1]
    model = recipe.architecture.source
    start = {v.path.removeprefix("sequential/"): np.stack([np.array(v.value)] * 2)
             for v in model.trainable_variables}
    population = KerasEngine(strategy="vmap").train(
        recipe, [1, 2], Watched(recipe.x), probes=False, start=start)
    own = float(path.with_name("train.py.loss").read_text())
    np.testing.assert_allclose(population.final_loss[1], own, rtol=1e-4)


EPOCHS = """$DATA
$MODEL
for epoch in range(3):
    order = np.random.permutation(len(x))
    for start in range(0, len(x), 16):
        rows = order[start:start + 16]
        model.train_on_batch(x[rows], x[rows])
"""


def test_epochs_in_other_orders(write):
    recipe = capture_script(write(EPOCHS)).recipe
    assert (recipe.epochs, recipe.batch_size, recipe.shuffle, recipe.train.rows) == (3, 16, True, 40)


IN_PLACE = """$DATA
$MODEL
y = x.copy()
for epoch in range(3):
    np.random.shuffle(x)
    for start in range(0, len(x), 20):
        model.train_on_batch(x[start:start + 20], y[start:start + 20])
"""


def test_rows_that_are_shuffled_in_place_are_taped_as_they_were(write):
    """Targets that stay where they were belong to other rows in every epoch."""
    captured = capture_script(write(IN_PLACE))
    recipe = captured.recipe
    assert recipe.batches == "stream"
    x, y = (np.reshape(a, (3, 40, 2)) for a in (recipe.x, recipe.y))
    assert (y == y[0]).all()
    assert len({epoch.tobytes() for epoch in x}) == 3
    assert len({np.sort(epoch, axis=0).tobytes() for epoch in x}) == 1


@pytest.mark.parametrize("rows", ["order[start:start + 16]", "np.random.choice(40, 16)"])
def test_of_more_than_there_is_room_for_the_first_batches_are_taped(write, monkeypatch, rows):
    again = "order" in rows
    monkeypatch.setattr("unstuck.capture.own_loops.MOST_BYTES", 16 * 16 * 7)
    script = write(EPOCHS.replace("order[start:start + 16]", rows).replace("range(3)", "range(8)"))
    captured = capture_script(script)
    recipe = captured.recipe
    assert (recipe.batches, recipe.updates) == ("drawn" if again else "stream", 24)
    assert recipe.train.rows == (40 if again else 7 * 16)
    assert f"its first {6 if again else 7} updates of 24" in captured.notes[-1]
    population = KerasEngine().train(recipe, [1, 2], Watched(recipe.x[:40]), probes=False)
    assert np.isfinite(population.final_loss).all()


REFUSED = {
    "two models": ("other = keras.models.clone_model(model)\nother.compile('sgd', 'mse')\n"
                   "for _ in range(3):\n    model.train_on_batch(x, x)\n    other.train_on_batch(x, x)",
                   "trains two models in turn with train_on_batch (lines 14 and 15)"),
    "weights set": ("for _ in range(3):\n    model.train_on_batch(x, x)\n"
                    "    model.set_weights([0.9 * w for w in model.get_weights()])",
                    "weights or its learning rate are changed"),
    "rate set": ("for i in range(3):\n    model.train_on_batch(x, x)\n"
                 "    model.optimizer.learning_rate = 0.1 / (i + 1)", "Call model.fit with callbacks"),
    "class weights": ("for i in range(1, 3):\n"
                      "    model.train_on_batch(x, x[:, :1], class_weight={0: i})",
                      "class_weight changes"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_loops_that_do_more_are_refused(write, name):
    source, words = REFUSED[name]
    head = "$DATA\n$MODEL\n" if name != "class weights" else (
        "$DATA\nmodel = keras.Sequential([keras.Input((2,)), layers.Dense(1, activation='sigmoid')])\n"
        "model.compile('adam', 'binary_crossentropy')\n")
    with pytest.raises(NotSupported) as raised:
        capture_script(write(head + source))
    assert words in str(raised.value)


def test_a_fit_counts_more_than_a_loop(write):
    captured = capture_script(write(
        "$DATA\n$MODEL\nmodel.train_on_batch(x, x)\nmodel.fit(x, x, epochs=7)"))
    assert (captured.recipe.epochs, captured.call) == (7, "model.fit(x, x, epochs=7)")
