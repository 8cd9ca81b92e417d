"""What is tried on a network of blocks that repeat one another."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from recipes import recipe as make_recipe
from unstuck.goal import make_goal
from unstuck.interventions._one_layer import OneLayer
from unstuck.network.recipe import Recipe
from unstuck.search import candidates


def stacked(depth: int, *, narrow: bool = False) -> Recipe:
    inputs = keras.Input((8,))
    x = keras.layers.Dense(3, activation="relu", name="narrow")(inputs) if narrow else inputs
    for _ in range(depth):
        x = keras.layers.Dense(64, activation="relu")(x)
    model = keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid", name="head")(x))
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(100, 8)).astype("float32")
    model.compile(loss="binary_crossentropy")
    return make_recipe(model, rows, (rows[:, :1] > 0).astype("float32"), epochs=3)


@pytest.fixture(scope="module")
def deep() -> tuple[Recipe, list[str]]:
    recipe = stacked(34, narrow=True)
    found = candidates.singles(recipe, make_goal(recipe, seed=0), ())
    alone = {c.change.layer for c in found if isinstance(c.change, OneLayer)}
    assert alone <= {"narrow", "head"}
    return recipe, [c.change.label for c in found]


def test_a_stack_is_changed_as_a_whole(deep: tuple[Recipe, list[str]]) -> None:
    recipe, labels = deep
    first, last = recipe.layers[2].name, recipe.layers[35].name
    stack = f"{first} … {last}"
    assert {f"depth of {stack}: 34 → 17", f"batch normalisation between {stack}",
            f"skip connections over {stack}", f"widths: {stack} → 128",
            f"{stack} activations → tanh", "all initialisers → he_normal",
            "narrow: width 3 → 24"} <= set(labels)
    assert len(labels) < 40


def test_a_careful_person_does_not_leave_a_deep_stack_as_it_is(
    deep: tuple[Recipe, list[str]]
) -> None:
    recipe, _ = deep
    sets = candidates.strong_sets(recipe, make_goal(recipe, seed=0), (), most=lambda batch: 3000)
    assert any({"normalization", "architecture"} <= {change.kind for change in changes}
               for changes in sets)
    few = stacked(5)
    sets = candidates.strong_sets(few, make_goal(few, seed=0), (), most=lambda batch: 3000)
    assert not any("normalization" in {c.kind for c in changes} for changes in sets)
