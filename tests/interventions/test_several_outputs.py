"""One output of several: looked at as the only one, and changed without touching the others."""

from __future__ import annotations

from dataclasses import replace

import keras
import numpy as np
import pytest

from checks.helpers import findings, observed
from interventions.sameness import assert_square, captured, original
from unstuck.base.errors import NotSupported
from unstuck.diagnosis.units import in_units_of
from unstuck.goal import make_goal
from unstuck.interventions import Intervention, apply_all, compatible, edits_for
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
    both = (at(recipe, "kind", Loss(value="mae")), at(recipe, "price", Loss(value="mae")))
    assert compatible(both)  # an object stays one
    assert 'loss=["mae", keras.losses.MeanAbsoluteError()]' in assert_square("heads", both).text
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
    text = known_again("heads", scaled)
    assert "# price: targets had mean " in text
    assert """\
# in the old units: model.predict(x)[1] * price_std + price_mean
price_mean, price_std = price.mean(), price.std()
price = (price - price_mean) / price_std
model.fit(""" in text
    assert "loss_weights=[1.0, 0.5]" in text
    _, recipe = original("named heads")
    text = known_again("named heads", at(recipe, "price", ScaleTargets()))
    assert "model.predict(x)['price'] * price_std + price_mean" in text
    assert "loss_weights" not in text


def test_targets_without_a_name_are_not_scaled_by_a_weight_of_the_loss() -> None:
    script, recipe = original("like heads")
    both = (at(recipe, "up", ScaleTargets()), at(recipe, "down", ScaleTargets()))
    changed = apply_all(both, recipe)
    for name, part in zip(outputs.names(changed), outputs.each(changed), strict=True):
        assert np.asarray(part.train.y).std() == pytest.approx(1, rel=1e-4), name
    assert edits_for(both, script, recipe) is None


def known_again(style: str, change: Intervention) -> str:
    """The script with this change, which is the recipe with it once its units are known again."""
    script, recipe = original(style)
    edits = edits_for((change,), script, recipe)
    assert edits is not None, "nothing safe to write"
    text = script.apply(edits).text
    known, changed = in_units_of(recipe, captured(text)[1]), change.apply(recipe)
    for ours, theirs in ((known, changed), (known, recipe)):
        for one, other in zip(keras.tree.flatten(ours.y), keras.tree.flatten(theirs.y), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-4)
    for one, other in zip(keras.tree.flatten(known.train.y), keras.tree.flatten(changed.train.y),
                          strict=True):
        np.testing.assert_allclose(one, other, atol=1e-4)
    assert known.loss_weights == recipe.loss_weights
    return text


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


def test_losses_that_are_far_apart_ask_for_other_units_and_not_for_a_tiny_weight() -> None:
    _, recipe = original("heads")
    far = replace(recipe, y=[recipe.y[0], recipe.y[1] * 100])
    baselines = [part.baseline for part in make_goal(far).parts]
    with pytest.raises(NotSupported, match="too far apart"):
        BalancedLosses.of(far, baselines)
    (found,) = findings("uneven-loss-weights", observed(far))
    assert [change.label for change in found.interventions] == ["price: targets scaled"]


@pytest.mark.parametrize("style", ["like heads"])
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
    near = replace(recipe, y=[recipe.y[0], recipe.y[1] / 20])
    (found,) = findings("uneven-loss-weights", observed(near))
    balanced = found.interventions[0].apply(near)
    assert not findings("uneven-loss-weights", observed(balanced))


def test_a_loss_with_a_name_of_its_own_is_changed_where_it_is_made() -> None:
    text = assert_square("list", (Loss(value="mean_squared_error"),)).text
    assert "\nloss = keras.losses.MeanSquaredError()\n" in text
    assert "model.compile(optimizer=optimizer, loss=loss)" in text
