"""One output of several: looked at as the only one, and changed without touching the others."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from checks.helpers import findings, observed
from interventions.sameness import assert_square, original
from unstuck.base.errors import NotSupported
from unstuck.goal import make_goal
from unstuck.interventions import Intervention, apply_all, compatible
from unstuck.interventions.activation import Activation
from unstuck.interventions.at_output import AtOutput
from unstuck.interventions.balanced_losses import BalancedLosses
from unstuck.interventions.loss import Loss
from unstuck.interventions.output_and_loss import OutputAndLoss
from unstuck.interventions.output_units import OutputUnits
from unstuck.interventions.scale_targets import ScaleTargets
from unstuck.network import outputs
from unstuck.network.recipe import Recipe
from unstuck.population.keras_engine.engine import KerasEngine
from unstuck.search.candidates import singles, strong_sets

STYLES = ("heads", "named heads", "like heads")


def at(recipe: Recipe, output: str, change: Intervention) -> Intervention:
    """The change at that output, which has to be named."""
    found = AtOutput.of(recipe, output, change)
    assert isinstance(found, AtOutput)
    return found


@pytest.mark.parametrize("style", STYLES)
def test_each_output_is_a_recipe_of_its_own(style: str) -> None:
    _, recipe = original(style)
    parts, names = outputs.each(recipe), outputs.names(recipe)
    whole = recipe.build().model
    rng = np.random.default_rng(0)
    for variable in whole.weights:
        variable.assign(rng.normal(size=variable.shape))
    values = {v.path: v.value for v in whole.weights}
    together = keras.tree.flatten(whole(recipe.x))
    for i, (part, name) in enumerate(zip(parts, names, strict=True)):
        model = part.build().model
        for variable in model.weights:
            variable.assign(values[variable.path])
        np.testing.assert_allclose(model(recipe.x), together[i], rtol=1e-6)
        by_name = isinstance(recipe.y, dict)
        np.testing.assert_array_equal(part.y, recipe.y[name] if by_name else recipe.y[i])
        assert part.whole is recipe
        assert not outputs.each(part)
        if recipe.validation_data is not None:
            assert part.validation is not None
            np.testing.assert_array_equal(part.validation.y, part.y)


def test_what_is_handed_over_for_outputs_is_found_by_name_and_by_place() -> None:
    _, recipe = original("like heads")
    assert outputs.names(recipe) == ("up", "down")
    up, down = outputs.targets(recipe, recipe.y)
    assert up.max() == 1
    assert down.min() > 100
    assert outputs.in_order(recipe, "mae") == ["mae", "mae"]
    assert outputs.in_order(recipe, ["a", "b"]) == ["a", "b"]
    assert outputs.in_order(recipe, {"down": 2.0}) == [None, 2.0]
    assert [part.loss for part in outputs.each(recipe)] == ["mae", "mae"]


def test_one_loss_is_written_beside_the_others() -> None:
    _, recipe = original("heads")
    text = assert_square("heads", (at(recipe, "kind", Loss(value="mae")),)).text
    assert 'loss=["mae", keras.losses.MeanSquaredError()]' in text
    both = (at(recipe, "kind", Loss(value="mae")), at(recipe, "price", Loss(value="huber")))
    assert compatible(both)
    assert 'loss=["mae", "huber"]' in assert_square("heads", both).text
    _, recipe = original("named heads")
    text = assert_square("named heads", (at(recipe, "price", Loss(value="mse")),)).text
    assert 'loss={"price": \'mse\', "win": "mse"}' in text or (
        'loss={"price": "mse", "win": "mse"}' in text)
    _, recipe = original("like heads")
    logits = at(recipe, "up", Loss(value="binary_crossentropy", from_logits=True))
    written = assert_square("like heads", (logits,)).text
    assert '[keras.losses.BinaryCrossentropy(from_logits=True), "mae"]' in written


def test_an_output_is_scaled_and_the_other_is_not() -> None:
    _, recipe = original("heads")
    scaled = at(recipe, "price", ScaleTargets())
    text = assert_square("heads", (scaled,)).text
    assert 'Dense(1, activation="relu", name="price")' in text
    assert 'Dense(1, activation="sigmoid", name="kind")' in text
    _, recipe = original("named heads")
    assert_square("named heads", (at(recipe, "price", ScaleTargets()),))
    _, recipe = original("like heads")
    both = (at(recipe, "up", ScaleTargets()), at(recipe, "down", ScaleTargets()))
    text = assert_square("like heads", both).text
    assert 'keras.layers.Dense(1, name="down_unscaled")' in text
    assert text.count('name="up")') == 1


def test_classes_get_their_outputs_and_their_loss() -> None:
    _, recipe = original("heads")
    part, _ = outputs.each(recipe)
    change = OutputUnits.of(part, 3, "softmax", "sparse_categorical_crossentropy")
    text = assert_square("heads", (at(recipe, "kind", change),)).text
    assert 'Dense(3, activation="softmax", name="kind")' in text
    assert 'loss=["sparse_categorical_crossentropy", keras.losses.MeanSquaredError()]' in text


def test_a_change_that_needs_no_output_stays_as_it_is() -> None:
    _, recipe = original("heads")
    change = Activation.of(recipe, "price", "linear")
    assert AtOutput.of(recipe, "price", change) is change
    output = OutputAndLoss.of(outputs.each(recipe)[1], "linear", "mean_squared_error")
    assert not compatible((change, at(recipe, "price", output)))
    assert compatible((change, at(recipe, "kind", Loss(value="mae"))))


@pytest.mark.parametrize("style", ["heads", "like heads"])
def test_losses_are_balanced_by_those_of_the_best_constants(style: str) -> None:
    _, recipe = original(style)
    goal = make_goal(recipe)
    change = BalancedLosses.of(recipe, [part.baseline for part in goal.parts])
    assert_square(style, (change,))
    balanced = make_goal(change.apply(recipe))
    for part in balanced.parts:
        assert part.baseline == pytest.approx(1.0, rel=0.05)


def test_losses_of_weighted_rows_are_not_balanced_by_guess() -> None:
    _, recipe = original("named heads")
    with pytest.raises(NotSupported, match="not known"):
        BalancedLosses.of(recipe, [part.baseline for part in make_goal(recipe).parts])
    assert_square("named heads", (BalancedLosses(weights=(("price", 0.002), ("win", 4.0))),))


def test_all_at_once_is_trained_and_judged() -> None:
    _, recipe = original("named heads")
    goal = make_goal(recipe)
    found = singles(recipe, goal, [])
    labels = {candidate.change.label for candidate in found}
    assert "price: targets scaled" in labels
    assert "win: sigmoid output with binary_crossentropy" in labels
    changes = strong_sets(recipe, goal, found, most=lambda batch: 40)[0]
    assert {"price: targets scaled", "win: sigmoid output with binary_crossentropy"} <= {
        change.label for change in changes}
    changed = apply_all(changes, recipe)
    population = KerasEngine().train(changed, [1, 2], goal, probes=False)
    assert np.isfinite(population.score).any(axis=1).all()


def test_checks_of_the_end_are_asked_about_each_output() -> None:
    _, recipe = original("heads")
    (fact,) = findings("output-cannot-reach-targets", observed(recipe))
    assert fact.message.startswith("Output 'kind': ")
    assert fact.site == "layer:kind"
    (found,) = findings("unscaled-targets", observed(recipe))
    assert found.message.startswith("Output 'price': ")
    assert "price: targets scaled" in [change.label for change in found.interventions]
    (found,) = findings("uneven-loss-weights", observed(recipe))
    assert "'kind' hardly counts" in found.message
    balanced = found.interventions[0].apply(recipe)
    assert not findings("uneven-loss-weights", observed(balanced))
