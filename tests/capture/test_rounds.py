"""Several calls of `fit` in one script: which are one training, and what is told of the others."""

from __future__ import annotations

import pytest

from unstuck.capture import capture_script, capture_text
from unstuck.interventions import edits_for
from unstuck.interventions.batch_size import BatchSize
from unstuck.interventions.epochs import Epochs

KFOLD = """
def build():
    model = keras.Sequential([keras.Input((2,)), layers.Dense(2)])
    model.compile("adam", "mse")
    return model
for fold in range(5):
    model = build()
    model.fit(x[fold:], x[fold:], epochs=4)
"""
TRAINER = """
class Trainer:
    def __init__(self, model): self.model = model
    def round(self): self.model.fit(x, x, epochs=2)
trainer = Trainer(model)
for _ in range(3):
    trainer.round()
"""
JOINED = {
    "a loop": ("for _ in range(9):\n    model.fit(x, x, epochs=1)", 9, 9),
    "a name": ("N = 7\nfor i in range(N):\n    model.fit(x, x, epochs=2, verbose=0)", 14, 7),
    "from one": ("for i in range(1, 6):\n    model.fit(x, x)", 5, 5),
    "epoch by epoch": (
        "for i in range(6):\n    model.fit(x, x, epochs=i + 1, initial_epoch=i)", 6, 6),
    "in a function": ("def main(n):\n    for i in range(n):\n        model.fit(x, x)\nmain(4)", 4, 4),
    "through a function": (
        "def once(m):\n    m.fit(x, x)\nfor i in range(4):\n    once(model)", 4, 4),
    "an object": (TRAINER, 6, 3),
    "a list": ("for rate in [1, 2, 3]:\n    model.fit(x, x)", 3, 3),
    "nested": ("for i in range(2):\n    for j in range(3):\n        model.fit(x, x)", 6, 6),
    "one after the other": ("model.fit(x, x, epochs=5)\nprint(1)\nmodel.fit(x, x, epochs=3)", 8, 2),
}
APART = {
    "k-fold": (KFOLD, 4, "makes its model anew in each round, as in cross-validation"),
    "other rows": (
        "for i in range(4):\n    rows = x[i:]\n    model.fit(rows, rows)", 1,
        "brings rows of its own"),
    "sliced rows": ("for i in range(4):\n    model.fit(x[i:], x[i:])", 1, "brings rows of its own"),
    "compiled anew": (
        "for i in range(4):\n    model.compile('adam', 'mse')\n    model.fit(x, x)", 1,
        "compiles the model anew"),
    "while": ("while True:\n    model.fit(x, x)", 1, "--through all are run, and counted"),
    "another loss between": (
        "model.fit(x, x, epochs=2)\nmodel.compile('sgd', 'mae')\nmodel.fit(x, x, epochs=3)", 2, ""),
    "fine-tuning": (
        "model.fit(x, x, epochs=2)\nmodel.fit(x, 1 - x, epochs=3)", 2,
        "goes on training the same model"),
    "another model": (
        "model.fit(x, x, epochs=2)\nmodel = keras.Sequential([layers.Dense(2)])\n"
        "model.compile('sgd', 'mse')\nmodel.fit(x, x, epochs=2)", 2, ""),
    "two branches": (
        "if len(x):\n    model.fit(x, x, epochs=2)\nelse:\n    model.fit(x, x, epochs=2)", 2, ""),
}
GAN = """
critic = keras.Sequential([layers.Dense(1)]); critic.compile("adam", "mse")
for step in range(10):
    model.fit(x, x, verbose=0)
    critic.train_on_batch(x, x[:, :1])
"""


@pytest.mark.parametrize("name", JOINED)
def test_rounds_of_one_training_are_joined(write, name):
    source, epochs, rounds = JOINED[name]
    captured = capture_script(write(f"$DATA\n$MODEL\n{source}\n"))
    assert (captured.recipe.epochs, captured.recipe.rounds) == (epochs, rounds)
    assert (captured.index, captured.of) == (1, 1)
    assert any(f"taken as one training of {epochs} epochs" in note for note in captured.notes)


@pytest.mark.parametrize("name", APART)
def test_rounds_that_are_no_one_training_are_not(write, name):
    source, epochs, told = APART[name]
    captured = capture_script(write(f"$DATA\n$MODEL\n{source}\n"))
    assert (captured.recipe.epochs, captured.recipe.rounds) == (epochs, 1)
    assert any(told in note for note in captured.notes) or not told


def test_a_pair_trained_in_turn_is_named(write):
    captured = capture_script(write("$DATA\n$MODEL\n" + GAN))
    assert captured.recipe.epochs == 10
    assert any("trains critic: the two are trained in turn" in n for n in captured.notes)


def test_through_counts_the_rounds(write):
    captured = capture_script(write(
        "$DATA\n$MODEL\nwhile x[0, 0] < 5:\n    model.fit(x, x, verbose=0)\n    x[0, 0] += 2"),
        through=True)
    assert captured.recipe.epochs == captured.recipe.rounds == len(captured.own_history["loss"])
    assert (captured.index, captured.of) == (1, 1)


@pytest.mark.parametrize(("source", "written"), [
    ("for i in range(9):\n    model.fit(x, x)", "range(90)"),
    ("for i in range(1, 10):\n    model.fit(x, x)", "range(1, 91)"),
    ("N = 9\nfor i in range(N):\n    model.fit(x, x)", "N = 90"),
    ("for i in range(len(x) - 31):\n    model.fit(x, x)", "range(90)"),
    ("for i in [1, 2, 3]:\n    model.fit(x, x, epochs=3)", None),
    ("model.fit(x, x, epochs=4)\nmodel.fit(x, x, epochs=5)", None),
])
def test_more_epochs_of_joined_rounds_are_more_rounds(write, source, written):
    captured = capture_script(write(f"$DATA\n$MODEL\n{source}\n"))
    changes = (Epochs.of(captured.recipe, 90),)
    edits = edits_for(changes, captured.script, captured.recipe)
    assert (edits is None) == (written is None)
    if written is not None:
        edited = captured.script.apply(edits)
        assert written in edited.text
        assert capture_text(edited.text).recipe.epochs == 90


def test_other_arguments_are_written_at_the_fit_of_a_loop(write):
    captured = capture_script(write("$DATA\n$MODEL\nfor i in range(9):\n    model.fit(x, x)\n"))
    edits = edits_for((BatchSize.of(captured.recipe, 5),), captured.script, captured.recipe)
    assert "model.fit(x, x, batch_size=5)" in captured.script.apply(edits).text
