"""What one update of a recipe's model is: `fit`'s, a loop's, or a step of the user's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import jax
import keras
import numpy as np

from . import adapter
from .loops import evaluation_of_block, step_of_loop
from .own_steps import (
    State,
    Step,
    is_called,
    state_of,
    step_in_place,
    takes_data_alone,
)
from .recipe import Recipe
from .terms import Term, Weights, noted_terms, weighed

__all__ = ["State", "Step", "as_the_user_began", "outputs_of_state", "puts_out_rows", "terms_of",
           "test_step_of", "train_step_of"]


def train_step_of(model: keras.Model, recipe: Recipe) -> Step:
    """One update of a recipe's built model.

    The step takes a state, `(trainable, non_trainable, optimizer, metrics)`, and a batch, and gives the
    logs and the state after it: values of `own_steps.variables_of_state(model)`.
    """
    if takes_data_alone(model):
        return _weighed(step_in_place(model, "train_step"), recipe.term_weights)
    if recipe.loop is not None:
        return step_of_loop(model, recipe.loop)
    return model.train_step  # type: ignore[no-any-return]


def _weighed(step: Step, weights: Weights) -> Step:
    """A step in whose sums terms have other weights."""
    def taken(state: State, data: Any) -> tuple[Mapping[str, Any], State]:
        with weighed(weights):
            return step(state, data)

    return taken if weights else step


def terms_of(recipe: Recipe) -> list[Term]:
    """The terms of the sums in a step of the user's own, by its first update; none for other steps.

    One that is logged goes by the name of its log, since the two are the same number.
    """
    if not takes_data_alone(recipe.architecture.source):
        return []
    model = as_the_user_began(recipe)
    step = train_step_of(model, recipe)
    names: list[Term] = []

    def told(state: State, data: Any) -> tuple[Any, list[Any]]:
        with noted_terms() as seen:
            logs, _ = step(state, data)
        names[:] = seen
        return logs, list(seen.values())

    logs, values = jax.jit(told)(state_of(model), recipe.first_batch)
    return [replace(term, log=next((name for name, logged in logs.items() if np.allclose(
        logged, value, rtol=1e-5, atol=1e-8)), "")) for term, value in zip(names, values, strict=True)]


def test_step_of(model: keras.Model, recipe: Recipe) -> Step:
    """One batch of an evaluation, from and to the same kind of state.

    A class with a `train_step` in TensorFlow's form that has neither a loss nor a `test_step` is judged
    by what its `train_step` says, in training's mode; nothing of it is kept but the metrics.
    """
    if takes_data_alone(model, "test_step"):
        return step_in_place(model, "test_step")
    if recipe.block is not None:
        return evaluation_of_block(model, recipe.block)
    if takes_data_alone(model) and recipe.loss is None:
        train = train_step_of(model, recipe)

        def judged(state: State, data: Any) -> tuple[Mapping[str, Any], State]:
            logs, after = train(state, data)
            return logs, (*state[:3], after[3])

        return judged

    def tested(state: State, data: Any) -> tuple[Mapping[str, Any], State]:
        logs, after = model.test_step((state[0], state[1], state[3]), data)
        return logs, (list(after[0]), list(after[1]), state[2], list(after[2]))

    return tested


def outputs_of_state(model: keras.Model, recipe: Recipe, state: State, x: Any) -> Any:
    """What a model puts out for rows, without dropout.

    A class with steps but without `call` puts out what its step compares with the rows: the last array
    of their shape that a block of its tape gives a name, or that one of its models puts out.

    Raises:
        LookupError: there is none.
    """
    stepped = takes_data_alone(model) and recipe.by_loss  # it may be called on something else
    if is_called(model) and not stepped:
        mode = {"training": False} if adapter.takes_training(model) else {}
        return model.stateless_call(state[0], state[1], x, **mode)[0]
    rows = keras.tree.flatten(x)[0]
    if stepped and not recipe.rivals:  # nobody looks at them
        return keras.ops.full((rows.shape[0], 1), float("nan"))
    called: list[Any] = []
    inner = {id(part): part for part in adapter.flat_layers(model) if isinstance(part, keras.Model)}
    with adapter.JOURNALS.marks() as marked, adapter.answering(inner, seen=called):
        train_step_of(model, recipe)(state, recipe.as_batch(x, x, None))
    for found in (marked, called):
        alike = [leaf for leaf in found if getattr(leaf, "shape", None) == rows.shape
                 and leaf is not rows]
        if alike:
            return alike[-1]
    if recipe.rivals:
        return keras.ops.full(rows.shape, float("nan"))
    raise LookupError("no array of the rows' shape has a name in the step's block")


def as_the_user_began(recipe: Recipe) -> keras.Model:
    """A model of a recipe with the weights of the script's own."""
    model = recipe.build().model
    for ours, theirs in zip(model.variables, recipe.architecture.source.variables, strict=True):
        ours.assign(np.asarray(theirs.value))
    return model


def puts_out_rows(model: keras.Model, recipe: Recipe, x: Any) -> bool:
    """True where something that is compared with the rows is found for a class without `call`."""
    try:
        jax.eval_shape(lambda state, x: outputs_of_state(model, recipe, state, x), state_of(model), x)
    except LookupError:
        return False
    return True
