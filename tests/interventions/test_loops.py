"""Layers that one call makes, in a loop or in a function: written where all of them change alike."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from interventions.sameness import assert_square, original
from unstuck.interventions import Intervention, edits_for
from unstuck.interventions.activation import Activation
from unstuck.interventions.dropout import NoDropout
from unstuck.interventions.hidden_activations import HiddenActivations
from unstuck.interventions.initializer import Initializer
from unstuck.interventions.initializers import Initializers
from unstuck.interventions.remove_layer import RemoveLayer
from unstuck.interventions.scale_inputs import ScaleInputs
from unstuck.interventions.width import Width
from unstuck.interventions.widths import Widths
from unstuck.network.recipe import Recipe


@pytest.mark.parametrize("makes", [
    pytest.param([lambda r: HiddenActivations.of(r, "elu")], id="words and layers of their own"),
    pytest.param([lambda r: Initializers.of(r, "he_normal")], id="words"),
    pytest.param([lambda r: Widths.of(r, at_least=9)], id="numbers, some of them names"),
    pytest.param([lambda r: NoDropout()], id="what is taken out"),
    pytest.param([lambda r, i=i: Width.of(r, f"dense_{i}", 8) for i in (2, 3, 4)],
                 id="each by itself, to the same"),
    pytest.param([lambda r: HiddenActivations.of(r, "tanh"), lambda r: Widths.of(r, at_least=9),
                  lambda r: NoDropout()], id="several at once"),
    pytest.param([lambda r: ScaleInputs()], id="a layer before the first of them"),
    pytest.param([lambda r: ScaleInputs(), lambda r: Widths.of(r, at_least=9)],
                 id="that and a change of them"),
])
def test_a_change_of_all_of_them_is_written(makes: list[Callable[[Recipe], Intervention]]) -> None:
    assert_square("looped", tuple(make(original("looped")[1]) for make in makes))


@pytest.mark.parametrize("make", [
    pytest.param(lambda r: Activation.of(r, "dense_3", "tanh"), id="an activation"),
    pytest.param(lambda r: Width.of(r, "dense_2", 8), id="a width"),
    pytest.param(lambda r: Initializer.of(r, "dense", "he_normal"), id="an initialiser"),
    pytest.param(lambda r: RemoveLayer(layer="dense_4"), id="a layer out of a loop"),
    pytest.param(lambda r: RemoveLayer(layer="dropout"), id="a layer out of a function"),
    pytest.param(lambda r: Activation.of(r, "re_lu", "tanh"), id="a layer of its own"),
])
def test_a_change_of_some_of_them_is_not(make: Callable[[Recipe], Intervention]) -> None:
    script, recipe = original("looped")
    change = make(recipe)
    change.apply(recipe)
    assert edits_for((change,), script, recipe) is None


def test_an_activation_asked_of_one_of_them_is_changed_in_all() -> None:
    _, recipe = original("looped")
    asked = Activation.of(recipe, "dense_3", "linear")
    together = HiddenActivations.made_by_one_call(recipe, asked)
    assert isinstance(together, HiddenActivations) and set(together.layers) >= {"dense_2", "dense_3"}
    assert_square("looped", (together,))
    alone = Activation.of(recipe, recipe.layers[-1].name, "tanh")
    assert HiddenActivations.made_by_one_call(recipe, alone) is alone
