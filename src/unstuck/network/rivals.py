"""Two trainings at once: a step whose optimizers minimise different things, as in a GAN."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import jax
import keras

from . import adapter
from .own_steps import state_of, step_in_place


@dataclass(frozen=True, kw_only=True)
class Rival:
    """One of the trainings of a step: the name of its optimizer in the class, the parts of the model
    that it trains, and how many of their weights get no gradient, of how many. `number` is its
    optimizer's place among those of the recipe; `None` where `compile` was not given it.
    """

    optimizer: str
    trains: tuple[str, ...]
    without_gradient: int
    weights: int
    number: int | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """By what it can be asked for."""
        return (self.optimizer, *self.trains)


def rivals_of(model: keras.Model, batch: Any) -> tuple[Rival, ...]:
    """The trainings of a step in TensorFlow's form; none where all of it minimises one thing.

    The step is traced once, and computes nothing.

    Args:
        model: built.
        batch: as `fit` hands it to the step.
    """
    optimizers = adapter.optimizers_of(model)
    if len(optimizers) < 2:
        return ()
    applied: dict[int, dict[int, bool]] = {}
    known: dict[int, Any] = {}

    def note(optimizer: Any, gradients: Sequence[Any], variables: Sequence[Any] | None = None) -> None:
        mine = applied.setdefault(id(optimizer), {})
        for gradient, variable in zip(gradients, variables or (), strict=False):
            known[id(variable)] = variable
            mine[id(variable)] = mine.get(id(variable), False) or gradient is not None

    with adapter.noted_updates(note), adapter.JOURNALS.minimised() as minimised:
        jax.eval_shape(step_in_place(model, "train_step"), state_of(model), batch)
    aims = {tuple(map(id, targets)) for targets in minimised.targets}
    if len(applied) < 2 or len(aims) < 2:
        return ()
    names = {id(value): name for name, value in vars(model).items()}
    parts = [(name, {id(v) for v in value.variables}) for name, value in vars(model).items()
             if isinstance(value, keras.Layer)]
    return tuple(
        Rival(optimizer=names.get(id(one), "optimizer"),
              trains=tuple(name for name, inside in parts if inside & applied[id(one)].keys()),
              without_gradient=sum(not reached for reached in applied[id(one)].values()),
              weights=len(applied[id(one)]))
        for one in optimizers if id(one) in applied)


def numbered(
    rivals: Sequence[Rival], model: keras.Model, optimizers: Sequence[Any]
) -> tuple[Rival, ...]:
    """The trainings with the places of their optimizers.

    Args:
        rivals: those of the model's step.
        model: the script's own.
        optimizers: those that its `compile` was given, in order.
    """
    places = {id(one): place for place, one in enumerate(optimizers)}
    return tuple(replace(one, number=places.get(id(getattr(model, one.optimizer, None))))
                 for one in rivals)
