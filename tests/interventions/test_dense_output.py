"""A dense layer behind a recurrent output, as it is tried and as it is written."""

from __future__ import annotations

import pytest

from interventions.sameness import assert_square, original
from unstuck.base.errors import NotSupported
from unstuck.interventions import Intervention, compatible
from unstuck.interventions.dense_output import DenseOutput, recurrent_output
from unstuck.interventions.epochs import Epochs
from unstuck.interventions.optimizer import UseOptimizer
from unstuck.interventions.output_and_loss import OutputAndLoss
from unstuck.interventions.scale_inputs import ScaleInputs
from unstuck.interventions.scale_targets import ScaleTargets
from unstuck.interventions.widths import Widths
from unstuck.network.rebuilding import rebuilt


@pytest.mark.parametrize(("style", "activation", "written"), [
    ("unfolding", "linear", "unfolded = keras.layers.Dense(2)(LSTM(units=8, "),
    ("summing", "sigmoid", 'model.add(keras.layers.Dense(1, activation="sigmoid"))'),
])
def test_it_is_written_as_it_was_tried(style: str, activation: str, written: str) -> None:
    _, recipe = original(style)
    change = DenseOutput.of(recipe, at_least=8, activation=activation)
    assert written in assert_square(style, (change,)).text
    together: tuple[Intervention, ...] = (
        change, UseOptimizer(name="Adam", learning_rate=0.01), Epochs.of(recipe, 20), ScaleInputs())
    assert compatible(together)
    assert_square(style, together)


def test_the_wide_layer_stays_as_wide_as_it_was() -> None:
    _, recipe = original("unfolding")
    assert DenseOutput.of(recipe, at_least=1).units == 2
    after = DenseOutput.of(recipe, at_least=16).apply(recipe)
    assert [layer.config.get("units") for layer in after.layers[-2:]] == [16, 2]
    assert rebuilt(after.architecture).model.output_shape == (None, 4, 2)
    hidden = Widths.of(recipe, at_least=8)
    assert_square("unfolding", (DenseOutput.of(recipe, at_least=16), hidden))


@pytest.mark.parametrize("style", ["recurrent", "wrapped", "subclassed", "functional"])
def test_only_a_recurrent_output_has_one_put_behind_it(style: str) -> None:
    _, recipe = original(style)
    assert recurrent_output(recipe) is None
    with pytest.raises(NotSupported, match="no recurrent layer"):
        DenseOutput.of(recipe, at_least=8)


def test_it_does_not_go_with_other_changes_of_the_output() -> None:
    _, recipe = original("unfolding")
    change = DenseOutput.of(recipe, at_least=8)
    for other in (ScaleTargets(), OutputAndLoss.of(recipe, "linear", "mean_absolute_error")):
        assert not compatible([change, other])
