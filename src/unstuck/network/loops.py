"""Where a loop written by hand does otherwise than `fit` would, and a step that does the same."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol

import jax
import jax.numpy as jnp
import keras

from . import adapter
from .drawing import SEEDS, drawing_with
from .own_steps import State, Step


class Block(Protocol):
    """What a loop minimises, where that is no loss of targets and outputs."""

    def __call__(self, models: Sequence[Any], x: Any, y: Any) -> Any:
        """The number that is minimised on rows, by the models that answer in the script's places."""


Clears = Literal["step", "batch", "never", "lost"]
"""When gradients are cleared: once for each step; before each batch, whether or not a step was
made; never, so that they add up; after they are computed, so that a step has none."""


@dataclass(frozen=True, kw_only=True)
class Loop:
    """How a loop of the user's own trains.

    `training` is the mode of its forward pass: without it dropout is off, and batch normalisation goes
    by its running averages. `regularised`: what regularisers and `add_loss` say is part of the loss.
    `untrained` are the paths of trainable variables that get no gradient. `optimizer_for` is after how
    many updates its optimizer is made anew; `None`: it is made once. `block` is what it minimises where
    an update calls its models otherwise than once on its rows.

    Where gradients are added up by hand, as in PyTorch: `clears` is when they are cleared,
    `steps_every` after how many batches the optimizer makes a step (0: never). `training_for` is
    after how many updates the mode of inference begins, and stays; `None`: it does not.
    """

    training: bool = True
    regularised: bool = True
    untrained: frozenset[str] = frozenset()
    optimizer_for: int | None = None
    block: Block | None = None
    clears: Clears = "step"
    steps_every: int = 1
    training_for: int | None = None

    @property
    def gathers(self) -> bool:
        """True where gradients of more than one batch may meet, or a batch may go without a step."""
        return self.steps_every != 1 or self.clears == "never"

    @property
    def learns(self) -> bool:
        """False where no step has a gradient."""
        return self.clears != "lost" and self.steps_every != 0

    @property
    def is_idle(self) -> bool:
        """True where no step has a gradient, and nothing else is otherwise than in `fit`."""
        return not self.learns and replace(self, clears="step", steps_every=1) == Loop()

    def of_model(self, model: keras.Model, x: Any) -> Loop | None:
        """What of it matters to a model; `None` where the model is trained as by `fit`.

        Args:
            model: built.
            x: rows for it.
        """
        acts = any(map(adapter.acts_in_training, adapter.flat_layers(model)))
        mine = replace(self, training=self.training or not acts,
                       training_for=self.training_for if acts else None,
                       regularised=self.regularised or not adapter.adds_losses(model, x))
        return None if mine == Loop() else mine


def step_of_loop(model: keras.Model, loop: Loop) -> Step:
    """One update of a compiled and built model as a loop makes it.

    The step takes a state, `(trainable, non_trainable, optimizer, metrics)`, and `(x, y)` or
    `(x, y, sample_weight)`, and gives the logs and the state after it.
    """
    optimizer = model.optimizer
    at_first = [v.value for v in optimizer.variables]
    paths = adapter.stable_paths(model)
    prefix = f"{model.name}/" if isinstance(model, keras.Sequential) else ""
    learns = [paths[id(v)] not in loop.untrained and paths[id(v)].removeprefix(prefix)
              not in loop.untrained for v in model.trainable_variables]
    takes_mode = adapter.takes_training(model)

    def loss_of(
        trainable: list[Any], others: list[Any], x: Any, y: Any, weight: Any, training: bool
    ) -> Any:
        mode = {"training": training} if takes_mode else {}
        if loop.block is not None:
            loss, others = loss_of_block(model, loop.block, trainable, others, x, y)
            return loss, (None, others)
        outputs, others, added = model.stateless_call(
            trainable, others, x, return_losses=True, **mode)
        loss = adapter.compiled_loss(model, y, outputs, weight)
        if loop.regularised:
            loss = loss + sum(added)
        return loss, (outputs, others)

    def step(state: State, data: Any) -> tuple[Mapping[str, Any], State]:
        logs: Mapping[str, Any]
        trainable, others, remembered, metrics = state
        x, y, weight = adapter.split_pair(data)
        if loop.optimizer_for is not None:
            begins = remembered[0] >= loop.optimizer_for
            remembered = [jnp.where(begins, first, now) if v.name != "learning_rate" else now
                          for v, first, now in zip(optimizer.variables, at_first, remembered,
                                                   strict=True)]
        slopes = jax.value_and_grad(loss_of, has_aux=True)
        if loop.training_for is None:
            (loss, (outputs, others)), gradients = slopes(
                trainable, others, x, y, weight, loop.training)
        else:
            (loss, (outputs, others)), gradients = jax.lax.cond(
                remembered[0] < loop.training_for,
                lambda: slopes(trainable, others, x, y, weight, True),
                lambda: slopes(trainable, others, x, y, weight, False))
        if not (loop.learns and any(learns)):
            logs, metrics = adapter.with_metrics(model, metrics, loss, x, y, outputs, weight)
            return logs, (list(trainable), list(others), list(remembered), list(metrics))
        before, kept = (list(trainable), list(remembered)), len(remembered) - len(learns) - 1
        if loop.gathers:
            gathered = remembered[kept:-1]
            if loop.clears != "batch":
                gradients = [old + new for old, new in zip(gathered, gradients, strict=True)]
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Gradients do not exist")
            trainable, remembered = optimizer.stateless_apply(
                remembered, [g if one else None for g, one in zip(gradients, learns, strict=True)],
                trainable)
        if loop.gathers:
            count = before[1][-1] + 1
            steps = count % loop.steps_every == 0
            trainable, remembered = (
                [jnp.where(steps, new, old) for new, old in zip(now, then, strict=True)]
                for now, then in ((trainable, before[0]), (remembered, before[1])))
            left = [g if loop.clears == "never" else jnp.where(steps, jnp.zeros_like(g), g)
                    for g in gradients]
            remembered = [*remembered[:kept], *left, count]
        if outputs is None:
            logs = {"loss": loss}
        else:
            logs, metrics = adapter.with_metrics(model, metrics, loss, x, y, outputs, weight)
        return logs, (list(trainable), list(others), list(remembered), list(metrics))

    return step


def give_gatherers(optimizer: Any, variables: Sequence[Any]) -> None:
    """Let an optimizer's variables hold what a loop has gathered of gradients, and count batches."""
    for variable in variables:
        optimizer.add_variable_from_reference(variable, name="gathered")
    optimizer.add_variable(shape=(), initializer="zeros", dtype="int32", name="batches")


def evaluation_of_block(model: keras.Model, block: Block) -> Step:
    """What a block minimises on a batch, from and to the same kind of state; nothing is learned."""
    def tested(state: State, data: Any) -> tuple[Mapping[str, Any], State]:
        x, y, _ = adapter.split_pair(data)
        return {"loss": loss_of_block(model, block, state[0], state[1], x, y)[0]}, state

    return tested


def loss_of_block(
    model: keras.Model, block: Block, trainable: list[Any], others: list[Any], x: Any, y: Any
) -> tuple[Any, list[Any]]:
    """What is minimised, and the values of variables that are not trained after it."""
    held = dict(zip(map(id, (*model.trainable_variables, *model.non_trainable_variables)),
                    (*trainable, *others), strict=True))
    with adapter.scope_with(held) as scope, drawing_with(getattr(model, SEEDS, None)):
        loss = block(getattr(model, "parts", [model]), x, y)
        return loss, [scope.get_current_value(v) for v in model.non_trainable_variables]
