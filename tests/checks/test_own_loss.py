"""A loss of one's own, by what it says of right answers and of wrong ones."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from keras import ops

from checks.helpers import dense, findings, labels, observed, recipe
from interventions.sameness import captured, comparable
from unstuck.capture import capture_model
from unstuck.checks import Certainty
from unstuck.interventions import edits_for
from unstuck.interventions.swap_labels import SwapLabels
from unstuck.network.recipe import Recipe

RNG = np.random.default_rng(6)
ROWS = RNG.normal(size=(80, 2)).astype("float32")
NUMBERS = (ROWS[:, :1] + ROWS[:, 1:] ** 2).astype("float32")
SIGNS = np.where(ROWS[:, :1] > 0, 1.0, -1.0).astype("float32")
BITS = (SIGNS + 1) / 2
CLASSES = (np.arange(80) % 3).astype("float32")


def likeness(y_true: Any, y_pred: Any) -> Any:
    return ops.mean(y_true * y_pred, axis=-1)


def apart(y_true: Any, y_pred: Any) -> Any:
    return ops.mean((y_true - y_pred) ** 2, axis=-1)


def negated(y_true: Any, y_pred: Any) -> Any:
    return -apart(y_true, y_pred)


def of_means(y_true: Any, y_pred: Any) -> Any:
    return (ops.mean(y_true) - ops.mean(y_pred)) ** 2


def from_logits(y_true: Any, y_pred: Any) -> Any:
    return keras.losses.binary_crossentropy(y_true, y_pred, from_logits=True)


def of_classes(y_true: Any, y_pred: Any) -> Any:
    return keras.losses.sparse_categorical_crossentropy(y_true, y_pred)


def of_other_classes(y_true: Any, y_pred: Any) -> Any:
    return -keras.losses.sparse_categorical_crossentropy(y_true, y_pred)


@pytest.mark.parametrize(("loss", "y", "units", "activation", "told"), [
    (likeness, SIGNS, 1, "tanh", "cost 1 by your loss, more than the same answers shuffled"),
    (negated, NUMBERS, 1, None, "it is made smaller by being wrong"),
    (of_means, NUMBERS, 1, None, "cannot tell which answer belongs to which row"),
    (of_other_classes, CLASSES, 3, "softmax", "more than the same answers shuffled"),
    (apart, NUMBERS, 1, None, None),
    (apart, BITS, 1, "sigmoid", None),
    (from_logits, BITS, 1, None, None),
    (of_classes, CLASSES, 3, "softmax", None),
    (lambda y_true, y_pred: -likeness(y_true, y_pred), SIGNS, 1, "tanh", None),
])
def test_right_answers_that_cost_as_much_as_wrong_ones_are_a_fact(
    loss: Any, y: Any, units: int, activation: str | None, told: str | None
) -> None:
    given = recipe(dense(units, activation), x=ROWS, y=y, loss=loss, epochs=1)
    found = findings("own-loss-misleads", observed(given, loss=[1.0, 1.0]))
    assert [told in one.message for one in found if told] == ([True] if told else [])
    if told:
        assert found[0].certainty is Certainty.FACT
        assert labels(found[0])[0].startswith("loss →")


class OwnLoss(keras.Model):
    """Its loss is its own, not `compile`'s."""

    def __init__(self) -> None:
        super().__init__()
        self.out = keras.layers.Dense(1)

    def get_config(self) -> dict[str, Any]:
        return {}

    def call(self, x: Any) -> Any:
        return self.out(x)

    def compute_loss(self, x: Any = None, y: Any = None, y_pred: Any = None,
                     sample_weight: Any = None, training: bool = True) -> Any:
        return of_means(y, y_pred)


def test_a_loss_in_a_class_of_ones_own_is_asked_too() -> None:
    model = OwnLoss()
    model.compile("adam")
    given = capture_model(model, ROWS, NUMBERS, epochs=1).recipe
    (found,) = findings("own-loss-misleads", observed(given, loss=[1.0, 0.1]))
    assert found.certainty is Certainty.FACT
    assert "just as much as the same answers shuffled" in found.message


def test_where_it_is_unknown_what_is_right_training_tells() -> None:
    given = recipe(dense(1), x=ROWS, y=SIGNS[:, 0] > 0, loss=lambda t, p: ops.mean(p, axis=-1))
    (found,) = findings("own-loss-misleads", observed(given, loss=[1.0, 0.1]))
    assert found.certainty is Certainty.FACT  # of whatever form: it does not look at the targets
    (found,) = findings("own-loss-misleads", observed(
        recipe(dense(5), x=ROWS, y=NUMBERS, loss=apart), loss=[1.0, 0.1]))
    assert found.certainty is Certainty.SUSPICION
    assert "went from 1 to 0.1" in found.message


MANY = 120
KINDS = RNG.integers(0, 3, size=(2, MANY))
CENTRES = np.array([[0, 0], [4, 0], [0, 4]])
BOTH = [(CENTRES[kind] + RNG.normal(size=(MANY, 2))).astype("float32") for kind in KINDS]
SAME = (KINDS[0] == KINDS[1]).astype("float32")


def distance(both: Any) -> Any:
    return ops.sqrt(ops.sum((both[0] - both[1]) ** 2, axis=1, keepdims=True) + 1e-9)


def cosine(both: Any) -> Any:
    return ops.sum(ops.normalize(both[0]) * ops.normalize(both[1]), axis=1, keepdims=True)


def same_is_one(y_true: Any, y_pred: Any) -> Any:
    return ops.mean(y_true * y_pred**2 + (1 - y_true) * ops.maximum(1 - y_pred, 0) ** 2)


def same_is_nought(y_true: Any, y_pred: Any) -> Any:
    return same_is_one(1 - y_true, y_pred)


def likeness_is_one(y_true: Any, y_pred: Any) -> Any:
    return ops.mean((y_true - y_pred) ** 2)


def twins(loss: Any, y: Any, between: Any = distance) -> Recipe:
    inputs, shared = [keras.Input((2,)), keras.Input((2,))], keras.layers.Dense(3)
    output = keras.layers.Lambda(between, output_shape=(1,))([shared(one) for one in inputs])
    model = keras.Model(inputs, output)
    model.compile("adam", loss)
    return capture_model(model, BOTH, y, epochs=2).recipe


@pytest.mark.parametrize(("loss", "y", "between", "speaks"), [
    (same_is_one, 1 - SAME, distance, True),
    (same_is_nought, SAME, distance, True),
    (likeness_is_one, 1 - SAME, cosine, True),
    (same_is_one, SAME, distance, False),
    (same_is_nought, 1 - SAME, distance, False),
    (likeness_is_one, SAME, cosine, False),
    (same_is_one, np.roll(np.arange(MANY) % 2, 1).astype("float32"), distance, False),
])
def test_terms_the_wrong_way_round_for_the_labels(
    loss: Any, y: Any, between: Any, speaks: bool
) -> None:
    found = findings("own-loss-misleads", observed(twins(loss, y, between), loss=[1.0, 1.0]))
    assert [labels(one) for one in found] == ([["labels swapped: 1 - y"]] if speaks else [])
    if speaks:
        assert "the other way round than the labels" in found[0].message


def test_a_generator_of_random_numbers_is_no_parameter() -> None:
    """TensorFlow's `Lambda` may draw, and holds one: it is a formula all the same."""
    inputs = keras.Input((2,))
    model = keras.Model(inputs, keras.layers.Dropout(0.5)(keras.layers.Dense(1)(inputs)))
    model.compile("adam", "mse")
    recipe = capture_model(model, BOTH[0], SAME, epochs=2).recipe
    assert [layer.parameters for layer in recipe.layers] == [0, 3, 0]


SCRIPT = """\
import numpy as np
import keras

x = np.random.default_rng(0).normal(size=(40, 2))
y, held = (x[:, 0] > 0).astype("float32"), (x[:20, 0] > 0).astype("float32")
model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
model.compile("adam", "mse")
"""


@pytest.mark.parametrize(("fit", "written"), [
    ("model.fit(x, y, epochs=2)\n", "model.fit(x, 1 - y, epochs=2)"),
    ("model.fit(x, y, epochs=2, validation_data=(x[:20], held))\n", "(x[:20], 1 - held)"),
    ("model.fit(x, y + 0, epochs=2)\n", None),
])
def test_swapped_labels_are_written_as_they_were_tried(fit: str, written: str | None) -> None:
    script, recipe = captured(SCRIPT + fit)
    change = SwapLabels.of(recipe)
    edits = edits_for((change,), script, recipe)
    assert (edits is None) == (written is None)
    if edits is not None and written is not None:
        edited = script.apply(edits).text
        assert written in edited
        assert comparable(captured(edited)[1]) == comparable(change.apply(recipe))
