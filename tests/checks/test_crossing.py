"""Steps of one's own that compare each output with the targets of all rows, by their shapes."""

from __future__ import annotations

from typing import Any

import jax
import keras
import numpy as np
import pytest
from keras import ops

from checks.helpers import findings, labels, observed
from interventions.sameness import captured, comparable
from unstuck.capture import capture_model
from unstuck.interventions import edits_for
from unstuck.interventions.target_shape import TargetShape
from unstuck.network.recipe import Recipe

RNG = np.random.default_rng(4)
ROWS = RNG.normal(size=(50, 2)).astype("float32")
FLAT = ROWS[:, 0] * ROWS[:, 1]
COLUMN = FLAT[:, None]


class Net(keras.Model):
    """One output from two inputs."""

    def __init__(self) -> None:
        super().__init__()
        self.out = keras.layers.Dense(1)

    def get_config(self) -> dict[str, Any]:
        return {}

    def call(self, x: Any, training: bool = False) -> Any:
        return self.out(x)


class OwnStep(Net):
    """JAX's form of a step, as in Keras's guide."""

    def train_step(self, state: Any, data: Any) -> Any:
        weights, others, optimizer, metrics = state
        x, y = data

        def loss_of(weights: Any, others: Any) -> Any:
            predicted, others = self.stateless_call(weights, others, x, training=True)
            return ops.mean((predicted - y) ** 2), others

        (loss, others), slopes = jax.value_and_grad(loss_of, has_aux=True)(weights, others)
        weights, optimizer = self.optimizer.stateless_apply(optimizer, slopes, weights)
        return {"loss": loss}, (weights, others, optimizer, metrics)


class OwnLossOfModel(Net):
    """A loss in the model, which takes the targets as they come."""

    def compute_loss(self, x: Any = None, y: Any = None, y_pred: Any = None,
                     sample_weight: Any = None, training: bool = True) -> Any:
        return ops.mean(ops.abs(y - y_pred))


class FlatOutputs(OwnLossOfModel):
    """Its outputs are squeezed, its targets are not."""

    def call(self, x: Any, training: bool = False) -> Any:
        return self.out(x)[:, 0]


class Recurrent(OwnLossOfModel):
    """The numbers of a row as steps: its rows pass through a loop."""

    def __init__(self) -> None:
        super().__init__()
        self.steps = keras.layers.GRU(2)

    def call(self, x: Any, training: bool = False) -> Any:
        return self.out(self.steps(x[..., None]))


def plain(y_true: Any, y_pred: Any) -> Any:
    return ops.mean((y_true - y_pred) ** 2)


class Difference(keras.losses.Loss):
    """Keras hands a class of one's own the shapes as they are."""

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return ops.mean((y_true - y_pred) ** 2, axis=-1)


class Ranking(keras.losses.Loss):
    """All rows against all on purpose: outputs with outputs, targets with targets."""

    def call(self, y_true: Any, y_pred: Any) -> Any:
        t, p = ops.reshape(y_true, (-1,)), ops.reshape(y_pred, (-1,))
        return ops.mean(ops.relu(1 - (t[:, None] - t[None]) * (p[:, None] - p[None])))


class Alike(keras.losses.Loss):
    """Outputs against outputs by a product, weighted by which targets are the same."""

    def call(self, y_true: Any, y_pred: Any) -> Any:
        t = ops.reshape(y_true, (-1, 1))
        same = ops.cast(ops.equal(t, ops.transpose(t)), "float32")
        return -ops.mean(same * ops.log_softmax(ops.matmul(y_pred, ops.transpose(y_pred))))


def trained(model: keras.Model, loss: Any, y: Any) -> Recipe:
    model.compile("adam", loss)
    return capture_model(model, ROWS, y, epochs=2, batch_size=10).recipe


AS_COLUMN, AS_ROW = "targets of the shape (rows, 1)", "targets of the shape (rows,)"


@pytest.mark.parametrize(("model", "loss", "y", "told", "cure"), [
    (OwnStep, "mse", FLAT, "(1, 10) meet outputs of the shape (10, 1)", AS_COLUMN),
    (OwnLossOfModel, None, FLAT, "(1, 10) meet outputs of the shape (10, 1)", AS_COLUMN),
    (Net, Difference(), FLAT, "(1, 10) meet outputs of the shape (10, 1)", AS_COLUMN),
    (FlatOutputs, None, COLUMN, "(10, 1) meet outputs of the shape (1, 10)", AS_ROW),
    (Recurrent, None, FLAT, "(1, 10) meet outputs of the shape (10, 1)", AS_COLUMN),
    (Recurrent, None, COLUMN, None, None),
    (OwnStep, "mse", COLUMN, None, None),
    (OwnLossOfModel, None, COLUMN, None, None),
    (Net, Difference(), COLUMN, None, None),
    (FlatOutputs, None, FLAT, None, None),
    (Net, plain, FLAT, None, None),     # of a function Keras brings both to one shape
    (Net, "mse", FLAT, None, None),
    (Net, Ranking(), FLAT, None, None),
    (Net, Alike(), FLAT, None, None),
])
def test_rows_that_are_crossed_are_told_by_the_shapes_along_the_way(
    model: Any, loss: Any, y: Any, told: str | None, cure: str | None
) -> None:
    given = trained(model(), loss, y)
    found = findings("targets-broadcast", observed(given))
    assert [told in one.message for one in found if told] == ([True] if told else [])
    assert [labels(one) for one in found] == ([[cure]] if told else [])


def test_the_best_output_of_crossed_rows_is_the_mean_of_their_targets() -> None:
    def loss(outputs: Any, targets: Any) -> float:
        return float(Difference()(targets, outputs))

    mean = np.full((50, 1), FLAT.mean())
    assert loss(COLUMN, COLUMN) == 0
    assert loss(mean, FLAT) < loss(COLUMN, FLAT)  # each right against the mean for all
    slope = jax.grad(lambda given: Difference()(FLAT, given))(mean)
    assert np.abs(slope).max() < 1e-6


HEAD = """\
import numpy as np
import keras

x = np.random.default_rng(0).normal(size=(40, 2))
y = x[:, 0] * 1.0
model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
model.compile("adam", "mse")
"""


@pytest.mark.parametrize(("fit", "written"), [
    ("model.fit(x, y, epochs=2)\n", "model.fit(x, y.reshape(-1, 1), epochs=2)"),
    ("model.fit(x, y * 2, epochs=2, validation_data=(x, y))\n",
     "validation_data=(x, np.reshape(y, (-1, 1)))"),
])
def test_targets_as_a_column_are_written_as_they_were_tried(fit: str, written: str) -> None:
    change = TargetShape(column=True)
    script, recipe = captured(HEAD + fit)
    edits = edits_for((change,), script, recipe)
    assert edits is not None
    edited = script.apply(edits).text
    assert written in edited
    assert comparable(captured(edited)[1]) == comparable(change.apply(recipe))
