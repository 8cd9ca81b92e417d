"""The probes on any functional model: one pure function from a state to readings.

For a subclassed model, whose layers' outputs are not to be had, there are none.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
from numpy.typing import NDArray

from unstuck.network import adapter
from unstuck.network.loops import loss_of_block
from unstuck.network.own_steps import State, takes_data_alone
from unstuck.population.population import Readings, direction

from .program import Program, Rows

Tree = Any

PROBED_ROWS = 256
PROBES = ("dead", "saturated", "gradient_norm", "weight_norm", "spread")
SAME = 1e-6
"""Rows closer than this share of a layer's range count as one."""

RECTIFIERS = ("relu", "relu6")
SATURATING = {"sigmoid": (0.01, 0.99), "tanh": (-0.98, 0.98), "hard_sigmoid": (0.01, 0.99)}


class Probes:
    """Readings of one replica of a program."""

    def __init__(self, program: Program) -> None:
        model = program.model
        self._model, self._recipe = model, program.recipe
        pairs = adapter.layer_outputs(model)
        self.layers = tuple(layer for layer, _ in pairs)
        self.names = tuple(layer.name for layer in self.layers)
        self._watch = keras.Model(adapter.input_structure(model), [out for _, out in pairs])
        self._order = _positions(self._watch.trainable_variables, model.trainable_variables)
        self._other = _positions(self._watch.non_trainable_variables,
                                 model.non_trainable_variables)

    @staticmethod
    def possible(program: Program) -> bool:
        """False for subclassed models."""
        return program.recipe.architecture.is_graph

    def outputs(self, state: State, x: Tree, layer: str) -> Any:
        """One layer's outputs for those inputs."""
        return self._forward(state, x)[self.names.index(layer)]

    def read(self, state: State, x: Tree, data: Rows) -> tuple[Any, Any]:
        """What is measured on the device; gradients are those on `data`.

        Returns:
            Numbers [probe, layer] in the order of `PROBES` and `layers`, and each row's place on
            a line, [layer, row], from which `as_readings` counts the distinct ones.
        """
        outs = [out.reshape(out.shape[0], -1) for out in self._forward(state, x)]
        gradients = self._gradients(state, data)
        places = {id(v): i for i, v in enumerate(self._model.trainable_variables)}
        columns = []
        for layer, out in zip(self.layers, outs, strict=True):
            mine = [places[id(v)] for v in layer.trainable_variables]
            columns.append(jnp.stack([
                _dead(out, _activation(layer)), _saturated(out, _activation(layer)),
                _norm([gradients[i] for i in mine]), _norm([state[0][i] for i in mine]),
                out.std(),
            ]))
        numbers = jnp.stack(columns, axis=1).astype(jnp.float32)
        return numbers, jnp.stack([_line(out) for out in outs])

    def as_readings(self, read: tuple[NDArray[Any], NDArray[Any]]) -> Readings:
        """Readings of many replicas from what `read` gave, arrays [replica, …]."""
        numbers, lines = read
        columns = {name: numbers[:, i] for i, name in enumerate(PROBES)}
        with np.errstate(invalid="ignore"):  # infinities of a replica that diverged
            gaps = np.diff(np.sort(lines, axis=2), axis=2)
        distinct = (1.0 + (gaps > SAME).sum(axis=2)).astype(np.float32)
        return Readings(layers=self.names, distinct=distinct, **columns)

    def _forward(self, state: State, x: Tree) -> list[Any]:
        outs, _ = self._watch.stateless_call(
            [state[0][i] for i in self._order], [state[1][i] for i in self._other],
            x, training=False,
        )
        return list(outs) if isinstance(outs, list | tuple) else [outs]

    def _gradients(self, state: State, data: Rows) -> list[Any]:
        """Those of what is minimised; NaN where only a step of the user's own knows what that is."""
        x, y, weight = data
        block = self._recipe.block
        if self._recipe.loss is None and takes_data_alone(self._model):
            return [jnp.full_like(value, jnp.nan) for value in state[0]]

        def loss(trainable: list[Any]) -> Any:
            if block is not None:
                return loss_of_block(self._model, block, trainable, state[1], x, y)[0]
            value, _ = self._model.compute_loss_and_updates(
                trainable, state[1], state[3], x, y, weight, training=False)
            return value

        gradients: list[Any] = jax.grad(loss)(state[0])
        return gradients


def probed(data: Tree) -> Tree:
    """The rows that are probed of a tree of arrays: at most 256, evenly spread."""
    count = jax.tree.leaves(data)[0].shape[0]
    pick = np.unique(np.linspace(0, count - 1, min(count, PROBED_ROWS)).astype(int))
    return jax.tree.map(lambda a: jnp.asarray(np.asarray(a)[pick]), data)


def _activation(layer: Any) -> str:
    if isinstance(layer, keras.layers.ReLU):
        return "relu"
    return getattr(getattr(layer, "activation", None), "__name__", "")


def _positions(wanted: list[Any], among: list[Any]) -> list[int]:
    index = {id(variable): i for i, variable in enumerate(among)}
    return [index[id(variable)] for variable in wanted]


def _dead(flat: Any, activation: str) -> Any:
    if activation not in RECTIFIERS:
        return jnp.nan
    return (flat == 0).all(axis=0).mean()


def _saturated(flat: Any, activation: str) -> Any:
    if activation not in SATURATING:
        return jnp.nan
    low, high = SATURATING[activation]
    return ((flat < low) | (flat > high)).mean()


def _line(flat: Any) -> Any:
    """Each row as one number, in units of the layer's range.

    It is a fixed random projection: two rows that differ fall on one place with chance zero. The
    numbers are drawn here and compared on the host, since compiling either takes longer.
    """
    weights = direction(flat.shape[1])
    size = jnp.maximum(jnp.abs(flat).max() * np.abs(weights).sum(), 1e-30)
    return (flat @ weights).astype(jnp.float32) / size


def _norm(arrays: list[Any]) -> Any:
    if not arrays:
        return jnp.nan
    return jnp.sqrt(sum((a.astype(jnp.float32) ** 2).sum() for a in arrays))


