"""Where a loop written by hand does otherwise than `fit` would, and a step that does the same."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
import keras

from . import adapter
from .own_steps import State, Step


@dataclass(frozen=True, kw_only=True)
class Loop:
    """How a loop of the user's own trains.

    `training` is the mode of its forward pass: without it dropout is off, and batch normalisation goes
    by its running averages. `regularised`: what regularisers and `add_loss` say is part of the loss.
    `untrained` are the paths of trainable variables that get no gradient. `optimizer_for` is after how
    many updates its optimizer is made anew; `None`: it is made once.
    """

    training: bool = True
    regularised: bool = True
    untrained: frozenset[str] = frozenset()
    optimizer_for: int | None = None

    def of_model(self, model: keras.Model, x: Any) -> Loop | None:
        """What of it matters to a model; `None` where the model is trained as by `fit`.

        Args:
            model: built.
            x: rows for it.
        """
        acts = any(map(adapter.acts_in_training, adapter.flat_layers(model)))
        mine = replace(self, training=self.training or not acts,
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
    mode = {"training": loop.training} if adapter.takes_training(model) else {}

    def loss_of(trainable: list[Any], others: list[Any], x: Any, y: Any, weight: Any) -> Any:
        outputs, others, added = model.stateless_call(
            trainable, others, x, return_losses=True, **mode)
        loss = adapter.compiled_loss(model, y, outputs, weight)
        if loop.regularised:
            loss = loss + sum(added)
        return loss, (outputs, others)

    def step(state: State, data: Any) -> tuple[Mapping[str, Any], State]:
        trainable, others, remembered, metrics = state
        x, y, weight = adapter.split_pair(data)
        if loop.optimizer_for is not None:
            begins = remembered[0] >= loop.optimizer_for
            remembered = [jnp.where(begins, first, now) if v.name != "learning_rate" else now
                          for v, first, now in zip(optimizer.variables, at_first, remembered,
                                                   strict=True)]
        (loss, (outputs, others)), gradients = jax.value_and_grad(loss_of, has_aux=True)(
            trainable, others, x, y, weight)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Gradients do not exist")
            trainable, remembered = optimizer.stateless_apply(
                remembered, [g if one else None for g, one in zip(gradients, learns, strict=True)],
                trainable)
        logs, metrics = adapter.with_metrics(model, metrics, loss, x, y, outputs, weight)
        return logs, (list(trainable), list(others), list(remembered), list(metrics))

    return step
