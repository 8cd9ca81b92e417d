"""A dense layer behind a recurrent output, as it is tried and as it is written."""

from __future__ import annotations

from dataclasses import replace

import keras
import pytest

from interventions.sameness import assert_square, captured, original
from interventions.scripts import SPECIAL
from unstuck.errors import NotSupported
from unstuck.halves import code_layer
from unstuck.interventions import Intervention, compatible
from unstuck.interventions.activation import Activation
from unstuck.interventions.dense_output import DenseOutput, recurrent_output
from unstuck.interventions.epochs import Epochs
from unstuck.interventions.hidden_activations import HiddenActivations
from unstuck.interventions.optimizer import UseOptimizer
from unstuck.interventions.output_and_loss import OutputAndLoss
from unstuck.interventions.scale_inputs import ScaleInputs
from unstuck.interventions.scale_targets import ScaleTargets
from unstuck.interventions.widths import Widths


@pytest.mark.parametrize(("style", "written"), [
    ("unfolding", "unfolded = keras.layers.Dense(2)(LSTM(units=8, "),
    ("summing", 'model.add(keras.layers.Dense(1, activation="sigmoid"))'),
    ("ending", 'SimpleRNN(8, activation="softmax"), Dense(3, activation="softmax")])'),
])
def test_it_is_written_as_it_was_tried(style: str, written: str) -> None:
    _, recipe = original(style)
    change = DenseOutput.of(recipe, at_least=8)
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
    assert after.architecture.build().model.output_shape == (None, 4, 2)
    assert [layer.output_shape for layer in after.layers[-2:]] == [(None, 4, 16), (None, 4, 2)]
    assert code_layer(after) == code_layer(recipe) == "lstm"
    hidden = Widths.of(recipe, at_least=8)
    assert_square("unfolding", (DenseOutput.of(recipe, at_least=16), hidden))


@pytest.mark.parametrize(("loss", "activation"), [
    ("mse", "linear"), ("binary_crossentropy", "sigmoid"), ("kl_divergence", "softmax"),
    (keras.losses.BinaryCrossentropy(from_logits=True), "linear"),
    (keras.losses.CategoricalCrossentropy(), "softmax"), (lambda y, p: (y - p) ** 2, "linear"),
])
def test_the_activation_is_the_one_that_the_loss_asks_for(loss: object, activation: str) -> None:
    _, recipe = original("summing")
    assert DenseOutput.of(replace(recipe, loss=loss), at_least=8).activation == activation


def test_the_state_may_go_through_tanh_at_last() -> None:
    for style in ("summing", "ending"):
        _, recipe = original(style)
        dense, tanh = DenseOutput.of(recipe, at_least=8), HiddenActivations.recurrent(recipe)
        assert compatible([dense, tanh])
        assert "Dense" in assert_square(style, (dense, tanh)).text
        assert_square(style, (dense, Activation.of(recipe, dense.layer, "tanh")))


def test_states_that_are_put_out_too_leave_no_single_output() -> None:
    script = SPECIAL["unfolding"].replace("return_sequences=True", "return_state=True") \
        .replace("(RepeatVector(4)(code))", "(RepeatVector(4)(code))[0]").replace("fit(x, x,", "fit(x, x[:, 0],")
    _, recipe = captured(script)
    assert recurrent_output(recipe) is None


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
