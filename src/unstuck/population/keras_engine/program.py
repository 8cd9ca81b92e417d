"""One recipe as pure functions of its state: what is compiled, before it is mapped over replicas.

A state is `(trainable, non_trainable, optimizer, metrics)`, lists of arrays as Keras's stateless
API has them. The step is `Model.train_step` itself, so an overridden one is trained as it stands.
Recipes that differ only in numbers, epochs or the contents of their arrays share one program: the
data are arguments, and the learning rate lies in the optimizer's state.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
from numpy.typing import NDArray

from unstuck.base.errors import NotSupported
from unstuck.network import adapter
from unstuck.network.data import Data
from unstuck.network.own_steps import (
    is_called,
    optimizers_in,
    takes_data_alone,
    variables_of_state,
)
from unstuck.network.recipe import Recipe
from unstuck.network.steps import State, Step, outputs_of_state, test_step_of, train_step_of
from unstuck.population.draws import initial_weights, mask_seeds

Tree = Any
Rows = tuple[Tree, Tree, Tree]
"""x, y and sample weights (or `None`) as trees of arrays."""

JUDGING_BATCH = 512
"""About how many rows are evaluated at a time after the training."""
MEANS = ("sum_over_batch_size", "mean")
"""Reductions of a loss that make an epoch's loss a mean over rows, however they are batched."""


class Program:
    """The functions of a recipe's structure; everything here is for one replica.

    Raises:
        NotSupported: the model cannot be made again, or its own steps tell no loss.
    """

    def __init__(self, recipe: Recipe) -> None:
        built = recipe.build()
        self.recipe = recipe
        self.model = built.model
        self.batch = recipe.batch_size
        self._built = built
        self._paths = adapter.stable_paths(self.model)
        self._kept = recipe.architecture.initial_values
        self._copied = self._optimizer_on_markers()
        self.optimizers = optimizers_in(self.model)
        # Keras resets metrics to what their own reset_state says, which need not be zeros.
        self.model.reset_metrics()
        self.metrics_at_zero = [np.array(v.value) for v in self.model.metrics_variables]

    def _optimizer_on_markers(self) -> dict[int, int]:
        """Make the optimizer anew; which of its variables start as copies of which weight.

        (A schedule-free optimizer holds such copies.) Found out by giving the weights values that
        cannot be met by chance.
        """
        if takes_data_alone(self.model):  # its optimizers are its own, and made for what they are given
            return {}
        weights = self.model.trainable_variables
        rng = np.random.default_rng(0)
        markers = [rng.normal(size=v.shape).astype(v.dtype) for v in weights]
        for variable, marker in zip(weights, markers, strict=True):
            variable.assign(marker)
        self.model.optimizer = self.recipe.optimizer_for(weights)
        return {
            i: j
            for i, variable in enumerate(self.model.optimizer.variables)
            for j, marker in enumerate(markers)
            if variable.shape == marker.shape and np.array_equal(np.array(variable.value), marker)
        }

    @cached_property
    def _step(self) -> Step:
        return train_step_of(self.model, self.recipe)

    @cached_property
    def _test(self) -> Step:
        return test_step_of(self.model, self.recipe)

    def _batch(self, data: Rows, indices: Any) -> Any:
        return self.recipe.as_batch(*jax.tree.map(lambda a: a[indices], data))

    @cached_property
    def metric_names(self) -> tuple[str, ...]:
        """The keys of the logs that hold one number each, the loss first."""
        rows = min(self.batch, self.recipe.train.rows)
        logs = jax.eval_shape(
            lambda state, data: self._step(state, self._batch(data, jnp.arange(rows)))[0],
            self.shapes, as_rows(self.recipe.train),
        )
        names = [name for name, value in logs.items() if getattr(value, "shape", None) == ()]
        _require_loss("train_step", names)
        return ("loss", *sorted(name for name in names if name != "loss"))

    @property
    def shapes(self) -> State:
        """A state made of shapes and dtypes."""
        def spec(variables: Sequence[Any]) -> list[Any]:
            return [jax.ShapeDtypeStruct(tuple(v.shape), v.dtype)  # type: ignore[no-untyped-call]
                    for v in variables]

        trainable, others, optimizer, metrics = map(spec, variables_of_state(self.model))
        return trainable, others, optimizer, metrics

    @property
    def optimizer_variables(self) -> list[Any]:
        """Those of all optimizers that the model is trained with."""
        return [v for optimizer in self.optimizers for v in optimizer.variables]

    @property
    def paths(self) -> tuple[str, ...]:
        """Where the trainable variables and then the others stand, the same in every build."""
        variables = (*self.model.trainable_variables, *self.model.non_trainable_variables)
        return tuple(self._paths[id(variable)] for variable in variables)

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
                return mask_seeds(seeds, self._built.drawn_as(path)).astype(variable.dtype)
            kept = self._kept.get(path)
            if kept is not None and kept.shape == shape:
                return np.broadcast_to(kept, (count, *shape)).copy()
            initializer = self._built.initializers.get(id(variable))
            if initializer is None:
                return _repeated(variable, count)
            return initial_weights(initializer, shape, seeds, self._built.drawn_as(path),
                                   str(variable.dtype))

        trainable = [drawn(v) for v in self.model.trainable_variables]
        rate = recipe.optimizer.learning_rate
        optimizer = []
        carried = recipe.optimizer.state
        variables = self.optimizer_variables
        if [a.shape for a in carried] != [tuple(v.shape) for v in variables]:
            carried = ()  # it was another network's or another optimizer's
        first = len(self.optimizers[0].variables)
        for i, variable in enumerate(variables):
            if carried and variable.name != "learning_rate":
                optimizer.append(np.broadcast_to(carried[i], (count, *carried[i].shape)).copy())
            elif i in self._copied:
                optimizer.append(trainable[self._copied[i]].copy())
            elif rate is not None and i < first and variable.name == "learning_rate":
                optimizer.append(np.full(count, rate, dtype=np.float32))
            else:
                optimizer.append(_repeated(variable, count))
        return (
            trainable,
            [drawn(v) for v in self.model.non_trainable_variables],
            optimizer,
            [np.broadcast_to(a, (count, *a.shape)).copy() for a in self.metrics_at_zero],
        )

    def train_step(self, state: State, data: Rows, indices: Any) -> tuple[Any, State]:
        """One update on the rows with those indices; returns (logs shaped [metric], state)."""
        logs, state = self._step(state, self._batch(data, indices))
        numbers = [jnp.asarray(logs[name], jnp.float32) for name in self.metric_names]
        return jnp.stack(numbers), tuple(list(part) for part in state)  # type: ignore[return-value]

    def test_step(self, state: State, data: Rows, indices: Any) -> tuple[Any, State]:
        """The loss so far, a scalar, with those rows added, and the state.

        As in `fit`, what is not trained may move (a recurrent layer's dropout draws even here).
        """
        logs, after = self._test(state, self._batch(data, indices))
        _require_loss("test_step", logs)
        return jnp.asarray(logs["loss"], jnp.float32), after

    @cached_property
    def test_names(self) -> tuple[str, ...]:
        """The keys of `test_step`'s logs that hold one number each."""
        rows = min(self.batch, self.recipe.train.rows)
        logs = jax.eval_shape(
            lambda state, data: self._test(state, self._batch(data, jnp.arange(rows)))[0],
            self.shapes, as_rows(self.recipe.train))
        return tuple(sorted(k for k, value in logs.items() if getattr(value, "shape", None) == ()))

    def tested(self, state: State, data: Rows) -> Any:
        """The logs of `Model.evaluate` on those rows in `fit`'s batches, in order of `test_names`."""
        def step(state: State, data: Rows, indices: Any) -> tuple[Any, State]:
            logs, after = self._test(state, self._batch(data, indices))
            numbers = [jnp.asarray(logs[name], jnp.float32) for name in self.test_names]
            return jnp.stack(numbers), after

        order = jnp.arange(keras.tree.flatten(data[0])[0].shape[0])
        empty = jnp.zeros(len(self.test_names), jnp.float32)
        return _through(step, self.batch, empty, self.fresh_metrics(state), data, order,
                        len(order))[0]

    def fresh_metrics(self, state: State) -> State:
        """The state at the beginning of an epoch, or of an evaluation."""
        return (*state[:3], [jnp.asarray(a) for a in self.metrics_at_zero])

    @cached_property
    def judging_batch(self) -> int:
        """Rows of a batch in the final evaluation: many, where the loss does not depend on it."""
        losses = [part for part in keras.tree.flatten(self.recipe.loss)
                  if isinstance(part, keras.losses.Loss)]
        by_batch = adapter.is_custom(self.model) or self.recipe.block is not None
        if by_batch or any(one.reduction not in MEANS for one in losses):
            return self.batch
        rows = self.recipe.train.rows
        pieces = math.ceil(rows / max(self.batch, JUDGING_BATCH))
        return math.ceil(rows / pieces)

    def epoch(self, state: State, data: Rows, order: Any, most: Any) -> tuple[Any, State]:
        """One epoch in that order of rows, or its first `most` batches; returns (logs, state)."""
        logs = jnp.zeros(len(self.metric_names), jnp.float32)
        return _through(self.train_step, self.batch, logs, self.fresh_metrics(state), data, order,
                        most)

    def evaluate(self, state: State, data: Rows, batch: int) -> tuple[Any, State]:
        """The loss of `Model.evaluate` on those rows in batches of that size, and the state."""
        order = jnp.arange(keras.tree.flatten(data[0])[0].shape[0])
        return _through(self.test_step, batch, jnp.float32(jnp.nan), self.fresh_metrics(state),
                        data, order, len(order))

    def predict(self, state: State, x: Tree) -> Tree:
        """Outputs for those inputs, without dropout."""
        return outputs_of_state(self.model, self.recipe, state, x)

    @cached_property
    def adds(self) -> bool:
        """True where layers of the user's own add to the loss (`added`)."""
        if not is_called(self.model):
            return False
        shapes = self.shapes
        rows = as_rows(self.recipe.train.taken(slice(self.batch)))
        return jax.eval_shape(self.added, shapes, rows[0]) is not None

    def added(self, state: State, x: Tree) -> Any:
        """What layers of the user's own add to the loss of those rows."""
        return adapter.own_losses(self.model, state[0], state[1], x)

    @property
    def has_finish(self) -> bool:
        """True where `fit` moves the weights once more at its very end (`finish`)."""
        optimizer = self.optimizers[0]
        inner = getattr(optimizer, "inner_optimizer", optimizer)
        return bool(getattr(inner, "use_ema", False))

    def finish(self, state: State) -> State:
        """The state after `fit`: an optimizer that averages weights puts the averages in place."""
        weights = self.model.trainable_variables
        known = [*zip(weights, state[0], strict=True),
                 *zip(self.optimizer_variables, state[2], strict=True)]
        with keras.StatelessScope(state_mapping=known) as scope:
            self.model.optimizer.finalize_variable_values(weights)
        return ([scope.get_current_value(v) for v in weights], *state[1:])


def _through(
    step: Callable[..., Any], batch: int, logs: Any, state: State, data: Rows, order: Any, most: Any
) -> tuple[Any, State]:
    """Batch after batch, `most` at most; returns the last batch's logs and the state."""
    full, short = divmod(order.shape[0], batch)
    carry = logs, state

    def one(i: Any, carry: tuple[Any, State]) -> tuple[Any, State]:
        rows: Any = jax.lax.dynamic_slice_in_dim(order, i * batch, batch)
        after: tuple[Any, State] = step(carry[1], data, rows)
        return after

    if full:
        carry = jax.lax.fori_loop(0, jnp.minimum(full, most), one, carry)
    if short:
        carry = jax.lax.cond(most > full, lambda carry: step(carry[1], data, order[full * batch :]),
                             lambda carry: carry, carry)
    return carry


def program_key(recipe: Recipe) -> str:
    """Equal for recipes that can share a `Program`, and with it a compilation.

    It holds while the recipes are alive: parts without a configuration go by their identity.
    """
    optimizer = dict(recipe.optimizer.config)
    if recipe.optimizer.learning_rate is not None:
        optimizer.pop("learning_rate")
    architecture = recipe.architecture
    parts: list[Any] = [
        id(architecture.source), sorted(architecture.removed), sorted(architecture.kept),
        {k: dict(v) for k, v in architecture.changed.items()},
        [(i.anchor, i.where, i.kind, dict(i.config), i.joins) for i in architecture.inserted],
        id(recipe.optimizer.cls), optimizer, _named(recipe.loss), recipe.loss_weights,
        id(recipe.metrics), id(recipe.weighted_metrics), recipe.loop,
        id(recipe.own_compile), recipe.batch_size, bool(recipe.rules),
        recipe.rows_per_epoch, repr(recipe.term_weights),
        _described(recipe.train), recipe.validation and _described(recipe.validation),
    ]
    return json.dumps(parts, default=repr, sort_keys=True)


def as_rows(data: Data) -> Rows:
    """The arrays on the device."""
    rows: Rows = jax.tree.map(jnp.asarray, (data.x, data.y, data.sample_weight))
    return rows


def _described(data: Data) -> str:
    shapes = jax.tree.map(lambda a: (a.shape, str(a.dtype)), (data.x, data.y, data.sample_weight))
    return repr(shapes)


def _require_loss(step: str, logs: Any) -> None:
    if "loss" not in logs:
        raise NotSupported(
            f"The model's {step} returns no 'loss' among its logs ({', '.join(logs) or 'none'}), so"
            " that its training cannot be followed. Return {'loss': …} from it."
        )


def _named(loss: Any) -> Any:
    if isinstance(loss, keras.losses.Loss):
        try:
            return [id(type(loss)), loss.get_config()]
        except Exception:  # a user's class without a configuration
            return id(loss)
    return loss if isinstance(loss, str) else repr(loss)


def _repeated(variable: Any, count: int) -> NDArray[Any]:
    value = np.asarray(variable.value)
    return np.broadcast_to(value, (count, *value.shape)).copy()
