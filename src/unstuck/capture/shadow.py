"""The shadow check: does a recipe give the losses that the user's own loop gave?

From the weights with which the user's training began, on its own batches, with its own masks of
dropout, the first updates are made once more the way that replicas make them. What comes out has to be
the user's losses to 1e-4. Otherwise the loop does something that was not understood, and nothing is
claimed of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
from numpy.typing import NDArray

from unstuck.network import adapter
from unstuck.network.drawing import SEEDS
from unstuck.network.loops import Loop
from unstuck.network.own_steps import state_of
from unstuck.network.recipe import Recipe
from unstuck.network.steps import as_the_user_began, train_step_of

from .loop_losses import Reading
from .tape import Batch

Weights = Mapping[str, NDArray[Any]]

SHADOWED = 50
"""So many updates are compared."""
CLOSE = 1e-4
"""How far a loss may be from the user's, in proportion."""
LEAST, ROUNDING, TIMES = 3, 1e-6, 10.0
"""After so many updates a difference may be that of two runs that round otherwise: if weights that
begin a few units in the last place away part at least a tenth as far."""


class Shadow:
    """The user's own first updates, to compare readings of them with.

    Args:
        values: what was minimised in each, before it.
        batches: the rows of each.
        seeds: what the generator of draws outside of layers held before each, if it drew.
        weights: the user's own before each, by path, where they are known.
        advice: what to do where they part.
    """

    def __init__(
        self, values: Sequence[float], batches: Sequence[Batch], seeds: Sequence[list[Any]], *,
        weights: Sequence[Weights] = (),
        advice: str = "Call model.fit, or pass the model and the data to unstuck.diagnose.",
    ) -> None:
        self._values, self._batches = list(values), list(batches[: len(values)])
        self._seeds, self._weights = list(seeds), list(weights)
        self._advice = advice
        self._best: tuple[int, float, float] | None = None
        self._close, self._each = len(self._values), False

    @property
    def told(self) -> str:
        """What the check has shown."""
        if self._each:
            return (f"Shadow check: each of the first {len(self._values)} updates of your loop, made"
                    " again as the trainings make it from your own weights before it, gives your loss"
                    " (to 1 in 10,000). One after another from your first weights they do so up to"
                    f" update {self._close}: this training is sensitive to rounding.")
        shown = (f"Shadow check: the first {self._close} updates of your loop, made again as the"
                 " trainings here make them from your own first weights, give your losses (to 1 in"
                 " 10,000).")
        if self._close < len(self._values):
            shown += (f" Up to update {len(self._values)} they part no further than rounding lets two"
                      " runs of this training part.")
        return shown

    @property
    def refusal(self) -> str:
        """Where the best reading and the user's run part."""
        if self._best is None:
            return ("The script has a training loop of its own, whose loss is not understood. Compute"
                    " it with a function or class of keras.losses, or pass the model and the data to"
                    " unstuck.diagnose.")
        at, mine, yours = self._best
        where = "its first update" if at == 0 else f"update {at + 1}"
        cause = ("the forward pass or the loss" if at == 0 else
                 "the gradients, or how the optimizer applies them" if at == 1 else
                 "something that the loop does now and then")
        return ("The script has a training loop of its own that unstuck would not train as it does:"
                f" at {where} your loss is {yours:.6g}, theirs {mine:.6g}, so that {cause} was not"
                f" understood. {self._advice}")

    def agrees(self, recipe: Recipe) -> bool:
        """True where a recipe gives the same losses; its architecture holds the first weights."""
        losses, _ = trained_on(recipe, self._batches, self._seeds)
        same = self._same(losses)
        if same.all():
            return True
        at = int(np.argmin(same))
        if at > 0 and len(self._weights) == len(self._values) and self._each_agrees(recipe):
            self._close, self._each = at, True
            return True
        if at >= LEAST and self._is_rounding(recipe, losses, at):
            self._close = at
            return True
        if self._best is None or at > self._best[0]:
            self._best = at, losses[at], self._values[at]
        return False

    def _each_agrees(self, recipe: Recipe) -> bool:
        """True where each update from the user's own weights gives his loss, and moves every weight as
        his did: to a tenth, or no further off than rounding moves the update itself."""
        losses, moves = each_on(recipe, self._batches, self._weights)
        if not self._same(losses).all() or not self._weights[0].keys() <= moves[0].keys():
            return False
        _, otherwise = each_on(recipe, self._batches, self._weights, moved_by=ROUNDING)
        for path in self._weights[0]:
            theirs = np.stack([after[path] - now[path] for now, after in pairwise(self._weights)])
            mine, rounded = (np.stack([one[path] for one in found[:-1]])
                             for found in (moves, otherwise))
            moved, shaken, apart, size = (float(np.linalg.norm(one)) for one in (
                theirs, mine - rounded, mine - theirs, self._weights[0][path]))
            least = ROUNDING * size * len(theirs) ** 0.5
            if apart > max(moved / 10, TIMES * shaken) + least:
                return False
        return True

    def _same(self, losses: Sequence[float]) -> NDArray[Any]:
        return np.isclose(losses, self._values, rtol=CLOSE, atol=1e-7, equal_nan=True)

    def _is_rounding(self, recipe: Recipe, losses: list[float], at: int) -> bool:
        """True where updates from weights that are off by a rounding part as far, from `at` on."""
        away = [trained_on(recipe, self._batches, self._seeds, moved_by=by)[0]
                for by in (ROUNDING, -ROUNDING)]
        moved = [np.abs(np.subtract(one, losses)) for one in away]
        reach = np.maximum.accumulate(np.maximum(*moved))[at:]
        mine, yours = np.asarray(losses[at:]), np.asarray(self._values[at:])
        bound = TIMES * reach + CLOSE * np.abs(yours)
        return bool(np.all(~np.isfinite(yours) | ~np.isfinite(mine) | (np.abs(mine - yours) <= bound)))


def trained_on(
    recipe: Recipe, batches: Sequence[Batch], seeds: Sequence[list[Any]] = (), *,
    moved_by: float = 0.0,
) -> tuple[list[float], list[NDArray[Any]]]:
    """What is minimised before each update of a recipe on batches, and the weights after the last.

    It begins with the weights of the recipe's source, and a fresh optimizer.

    Args:
        seeds: what the model's generator of draws outside of layers begins each update with, where
            that is not what it ended the one before with.
        moved_by: begin with weights that are so much larger or smaller, in proportion and by chance, on
            rows of which each number is the next one up or down.
    """
    built = as_the_user_began(recipe)
    if moved_by:
        signs = np.random.default_rng(0)
        for at_first in built.trainable_variables:
            by = moved_by * np.where(signs.random(at_first.shape) < 0.5, -1, 1)
            at_first.assign(np.asarray(at_first.value) * (1 + by).astype("float32"))
        batches = [(_rounded_otherwise(x), y, weight) for x, y, weight in batches]
    step, state = jax.jit(train_step_of(built, recipe)), state_of(built)
    metrics = state[3]
    found = []
    drawing = getattr(built, SEEDS, None)
    at = None if drawing is None else next(
        i for i, v in enumerate(built.non_trainable_variables) if v is drawing.state)
    for (x, y, weight), held in zip(batches, seeds or [[]] * len(batches), strict=True):
        if held and at is not None:
            others = list(state[1])
            others[at] = jnp.asarray(held[0])
            state = (state[0], others, *state[2:])
        logs, state = step(state, recipe.as_batch(x, y, weight))
        state = (*state[:3], metrics)
        found.append(float(logs["loss"]))
    return found, [np.asarray(value) for value in state[0]]


def each_on(
    recipe: Recipe, batches: Sequence[Batch], weights: Sequence[Weights], *, moved_by: float = 0.0
) -> tuple[list[float], list[dict[str, NDArray[Any]]]]:
    """What is minimised before each update of a recipe, and how far it moves each weight, by path.

    Each begins with given weights, while the optimizer goes on from the update before.

    Args:
        weights: those of each update.
        moved_by: begin with weights that are so much larger or smaller, in proportion and by chance.
    """
    built = as_the_user_began(recipe)
    step, state = jax.jit(train_step_of(built, recipe)), state_of(built)
    metrics, signs = state[3], np.random.default_rng(0)
    paths = [adapter.stable_paths(built)[id(v)] for v in built.trainable_variables]
    losses, moves = [], []
    for (x, y, weight), given in zip(batches, weights, strict=True):
        own = []
        for path, now in zip(paths, state[0], strict=True):
            values = np.asarray(given.get(path, now))
            by = moved_by * np.where(signs.random(values.shape) < 0.5, -1, 1)
            own.append((values * (1 + by)).astype(values.dtype))
        logs, state = step(([jnp.asarray(one) for one in own], *state[1:]),
                           recipe.as_batch(x, y, weight))
        state = (*state[:3], metrics)
        losses.append(float(logs["loss"]))
        moves.append({path: np.asarray(after) - before for path, after, before in zip(
            paths, state[0], own, strict=True)})
    return losses, moves


def _rounded_otherwise(rows: Any) -> Any:
    """Rows of which each number that is no whole one is the next one up or down, by chance."""
    draw = np.random.default_rng(0)

    def moved(array: Any) -> Any:
        if np.asarray(array).dtype != np.float32:
            return array
        ends = np.where(draw.random(array.shape) < 0.5, -np.inf, np.inf).astype(np.float32)
        return np.nextafter(array, ends)

    return keras.tree.map_structure(moved, rows)


def first_that_agrees(
    shadow: Shadow, recipe: Recipe, readings: Iterable[Reading], loop: Loop
) -> Recipe | None:
    """The recipe with the first reading that gives the user's losses; `None` where none does.

    Args:
        readings: what it may minimise.
        loop: how else the loop trains.
    """
    for one in readings:
        read = replace(loop, regularised=one.regularised, block=one.block)
        candidate = replace(recipe, loss=one.loss, loop=read.of_model(
            recipe.architecture.source, keras.tree.map_structure(lambda a: a[:1], recipe.x)))
        try:
            if shadow.agrees(candidate):
                return candidate
        except Exception:  # a loss that cannot be computed on these rows is not the one
            continue
    return None

