"""One recipe as pure functions of its state: what is compiled, before it is mapped over replicas.

A state is `(trainable, non_trainable, optimizer, metrics)`, lists of arrays as Keras's stateless
API has them. The step is `Model.train_step` itself, so an overridden one is trained as it stands.
Recipes that differ in numbers only (rate, epochs, order) share one program.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
from numpy.typing import NDArray

from unstuck import adapter
from unstuck.population.draws import initial_weights, mask_seeds
from unstuck.recipe import Data, Recipe

Tree = Any
State = tuple[list[Any], list[Any], list[Any], list[Any]]


class Program:
    """The functions of a recipe's structure; everything here is for one replica."""

    def __init__(self, recipe: Recipe) -> None:
        built = recipe.build()
        self.recipe = recipe
        self.model = built.model
        self._paths = adapter.stable_paths(self.model)
        self._initializers = built.initializers
        self._kept = recipe.architecture.initial_values
        self.train_data = _as_jax(recipe.train)
        self.validation_data = None if recipe.validation is None else _as_jax(recipe.validation)
        self.evaluated_data = _as_jax(
            Data(x=recipe.train.x, y=recipe.train.y,
                 sample_weight=None if recipe.class_weight else recipe.train.sample_weight)
        )

    @cached_property
    def metric_names(self) -> tuple[str, ...]:
        """The keys of the logs, the loss first."""
        logs = jax.eval_shape(
            lambda s: self.model.train_step(s, self._batch(self.train_data, jnp.arange(1)))[0],
            self.shapes,
        )
        names = tuple(keras.tree.flatten([list(logs)]))
        return ("loss", *sorted(n for n in names if n != "loss"))

    @property
    def shapes(self) -> State:
        """A state made of shapes and dtypes."""
        def spec(variables: Sequence[Any]) -> list[Any]:
            return [jax.ShapeDtypeStruct(tuple(v.shape), v.dtype) for v in variables]

        return (spec(self.model.trainable_variables), spec(self.model.non_trainable_variables),
                spec(self.model.optimizer.variables), spec(self.model.metrics_variables))

    def initial_state(
        self, recipe: Recipe, seeds: Sequence[int], start: Mapping[str, NDArray[Any]] | None
    ) -> State:
        """States of many replicas, arrays shaped [replica, …], in numpy."""
        count = len(seeds)

        def drawn(variable: Any) -> NDArray[Any]:
            shape, path = tuple(variable.shape), self._paths[id(variable)]
            if start is not None and path in start:
                return np.asarray(start[path], dtype=variable.dtype)
            if variable.name == "seed_generator_state":
                # One mask for all replicas otherwise: the generators were made once.
                return mask_seeds(seeds, path).astype(variable.dtype)
            kept = None if variable.trainable else self._kept.get(path)
            if kept is not None and kept.shape == shape:
                return np.broadcast_to(kept, (count, *shape)).copy()
            initializer = self._initializers.get(id(variable))
            if initializer is None:
                return _repeated(variable, count)
            return initial_weights(initializer, shape, seeds, path, str(variable.dtype))

        optimizer = [_repeated(v, count) for v in self.model.optimizer.variables]
        rate = recipe.optimizer.learning_rate
        if rate is not None:
            for i, variable in enumerate(self.model.optimizer.variables):
                if variable.name == "learning_rate":
                    optimizer[i] = np.full(count, rate, dtype=np.float32)
        return (
            [drawn(v) for v in self.model.trainable_variables],
            [drawn(v) for v in self.model.non_trainable_variables],
            optimizer,
            [_repeated(v, count) for v in self.model.metrics_variables],
        )

    @property
    def paths(self) -> tuple[str, ...]:
        """Where the trainable variables and then the others stand, the same in every build."""
        variables = (*self.model.trainable_variables, *self.model.non_trainable_variables)
        return tuple(self._paths[id(variable)] for variable in variables)

    def train_step(self, state: State, indices: Any) -> tuple[Any, State]:
        """One update on the training rows with those indices; returns (logs, state)."""
        logs, state = self.model.train_step(state, self._batch(self.train_data, indices))
        return self._logs(logs), tuple(list(part) for part in state)  # type: ignore[return-value]

    def epoch(self, state: State, order: Any) -> tuple[Any, State]:
        """One epoch in that order of rows; returns (logs shaped [metric], state)."""
        batch = self.recipe.batch_size
        full = order.shape[0] // batch
        state = self._reset(state)
        logs = jnp.zeros(len(self.metric_names), jnp.float32)
        if full:
            def step(carry: State, indices: Any) -> tuple[State, Any]:
                logs, carry = self.train_step(carry, indices)
                return carry, logs

            state, every = jax.lax.scan(step, state, order[: full * batch].reshape(full, batch))
            logs = every[-1]
        if order.shape[0] % batch:
            logs, state = self.train_step(state, order[full * batch :])
        return logs, state

    def evaluate(self, state: State, data: tuple[Any, Any, Any], batch: int) -> Any:
        """The loss of `Model.evaluate` on those rows, a scalar."""
        rows = keras.tree.flatten(data[0])[0].shape[0]
        full = rows // batch
        trainable, non_trainable, _, metrics = self._reset(state)

        def step(carry: list[Any], indices: Any) -> tuple[list[Any], Any]:
            logs, after = self.model.test_step(
                (trainable, non_trainable, carry), self._batch(data, indices))
            return list(after[-1]), jnp.asarray(logs["loss"], jnp.float32)

        loss = jnp.asarray(jnp.nan, jnp.float32)
        if full:
            metrics, every = jax.lax.scan(
                step, metrics, jnp.arange(full * batch).reshape(full, batch))
            loss = every[-1]
        if rows % batch:
            metrics, loss = step(metrics, jnp.arange(full * batch, rows))
        return loss

    def predict(self, state: State, x: Tree) -> Tree:
        """Outputs for those inputs, without dropout."""
        outputs, _ = self.model.stateless_call(state[0], state[1], x, **self._inference)
        return outputs

    @property
    def _inference(self) -> dict[str, bool]:
        return {"training": False} if self.model._call_has_training_arg else {}

    def _reset(self, state: State) -> State:
        metrics = [jnp.asarray(np.asarray(v.value)) for v in self.model.metrics_variables]
        return (state[0], state[1], state[2], metrics)

    def _logs(self, logs: Mapping[str, Any]) -> Any:
        flat = {**logs}
        return jnp.stack([jnp.asarray(flat[n], jnp.float32).reshape(()) for n in self.metric_names])

    @staticmethod
    def _batch(data: tuple[Any, Any, Any], indices: Any) -> tuple[Any, ...]:
        x, y, weight = jax.tree.map(lambda a: a[indices], data)
        return (x, y) if weight is None else (x, y, weight)


def program_key(recipe: Recipe) -> str:
    """Equal for recipes that differ in numbers only, so that they share a compilation."""
    optimizer = dict(recipe.optimizer.config)
    if recipe.optimizer.learning_rate is not None:
        optimizer.pop("learning_rate")
    parts: list[Any] = [
        id(recipe.architecture.source), sorted(recipe.architecture.removed),
        {k: dict(v) for k, v in recipe.architecture.changed.items()},
        [(i.anchor, i.where, i.kind, dict(i.config)) for i in recipe.architecture.inserted],
        recipe.optimizer.cls.__name__, optimizer, _named(recipe.loss), id(recipe.metrics),
        recipe.loss_weights, recipe.batch_size, recipe.train.rows,
        None if recipe.validation is None else recipe.validation.rows,
        id(recipe.x), id(recipe.y), recipe.class_weight is None,
    ]
    return json.dumps(parts, default=repr, sort_keys=True)


def _named(loss: Any) -> Any:
    if isinstance(loss, keras.losses.Loss):
        try:
            return [type(loss).__name__, loss.get_config()]
        except Exception:
            return id(loss)
    return loss if isinstance(loss, str) else repr(loss)


def _repeated(variable: Any, count: int) -> NDArray[Any]:
    value = np.asarray(variable.value)
    return np.broadcast_to(value, (count, *value.shape)).copy()


def _as_jax(data: Data) -> tuple[Any, Any, Any]:
    convert: Callable[[Any], Any] = jnp.asarray
    return jax.tree.map(convert, (data.x, data.y, data.sample_weight))


__all__ = ["Program", "State", "program_key"]
