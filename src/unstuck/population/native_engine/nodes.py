"""The nodes of a network as the kernels take them, laid one after the other.

`Nodes` knows how a node, its weights and its penalties are written down; which layer becomes which
nodes is said in `layers` and `sequences`. Anything that the kernels do not do raises NotSupported.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from unstuck.base.errors import NotSupported
from unstuck.network.rebuilding import Built

from .activations import known, name_of, softmax_of
from .kernels import Node, Op, Variable

layers = keras.layers


@dataclass(frozen=True, kw_only=True)
class Weight:
    """One variable of the network; `drawn_as` is the key of its draws."""

    path: str
    drawn_as: str
    shape: tuple[int, ...]
    trainable: bool
    layer: str
    initializer: Callable[..., Any] | None
    kept: NDArray[Any] | None


@dataclass(frozen=True, kw_only=True)
class Signal:
    """What flows between layers: the outputs of a node, and the shape of a row of them."""

    node: int
    shape: tuple[int, ...]

    @property
    def units(self) -> int:
        """Numbers in a row."""
        return int(np.prod(self.shape, dtype=np.int64))

    @property
    def steps(self) -> int:
        """How often the last axis comes in a row."""
        return int(np.prod(self.shape[:-1], dtype=np.int64))


@dataclass(kw_only=True, eq=False)
class Network:
    """The nodes and weights of a model, and which node holds which layer's outputs.

    `entries`: the inputs are numbers below this, which are looked up; `None` where they are not.
    """

    nodes: list[Node] = field(default_factory=list)
    variables: list[Variable] = field(default_factory=list)
    weights: list[Weight] = field(default_factory=list)
    outputs: dict[str, Signal] = field(default_factory=dict)
    activation: dict[str, str] = field(default_factory=dict)
    entries: int | None = None
    result: Signal = field(default=Signal(node=0, shape=()))


class Nodes:
    """The network so far, and what puts a node to it.

    `layer` is the name of the layer that is being written down; its weights and errors go by it.
    """

    def __init__(self, built: Built, kept: Mapping[str, NDArray[Any]]) -> None:
        self.network = Network()
        self.layer = ""
        self._built = built
        # A Sequential puts its name before the paths of its weights, its rebuilt graph does not.
        self.kept = {k.removeprefix(f"{built.model.name}/"): v for k, v in kept.items()}
        self._trainable = {id(v) for v in built.model.trainable_variables}

    def node(
        self, op: Op, shape: tuple[int, ...], *read: Signal, weights: tuple[Any, ...] = (),
        **more: Any,
    ) -> Signal:
        """One more node; `weights` are None or Keras variables with their regulariser, constraint,
        and whether all of it is one row."""
        signal = Signal(node=len(self.network.nodes), shape=tuple(shape))
        if not 0 < signal.units <= 2**20:
            raise NotSupported(f"A layer of {signal.units} units is beyond the native engine")
        self.network.nodes.append(Node(
            op=op, units=signal.units, first=read[0].node if read else -1,
            second=read[1].node if len(read) > 1 else -1,
            variables=[-1 if v is None else self._variable(*v) for v in weights], **more))
        return signal

    def _variable(
        self, variable: Any, regularizer: Any, constraint: Any, one_row: bool = False
    ) -> int:
        if constraint is not None:
            raise NotSupported(f"{self.layer!r} has a constraint on its weights")
        l1, l2 = self.penalties(regularizer)
        shape = tuple(variable.shape)
        rows, columns = (1, int(np.prod(shape))) if one_row or len(shape) != 2 else shape
        trainable = id(variable) in self._trainable
        kept = self.kept.get(variable.path)
        self.network.weights.append(Weight(
            path=variable.path, drawn_as=self._built.drawn_as(variable.path), shape=shape,
            trainable=trainable, layer=self.layer,
            initializer=self._built.initializers.get(id(variable)),
            kept=kept if kept is not None and kept.shape == shape else None))
        self.network.variables.append(
            Variable(rows=rows, columns=columns, trainable=trainable, l1=l1, l2=l2))
        return len(self.network.variables) - 1

    def penalties(self, regularizer: Any) -> tuple[float, float]:
        """A regulariser's L1 and L2 factors."""
        if regularizer is None:
            return 0.0, 0.0
        known = (keras.regularizers.L1, keras.regularizers.L2, keras.regularizers.L1L2)
        if type(regularizer) not in known:
            kind = type(regularizer).__name__
            raise NotSupported(f"The native engine has no regulariser {kind} ({self.layer!r})")
        return float(getattr(regularizer, "l1", 0.0)), float(getattr(regularizer, "l2", 0.0))

    def affine(self, x: Signal, offset: Any, scale: Any, shift: Any) -> Signal:
        """(x - offset) * scale + shift, each of them constant."""
        each = [np.broadcast_to(np.asarray(part, np.float32), x.shape).ravel()
                for part in (offset, scale, shift)]
        return self.node(Op.affine, x.shape, x, constants=np.concatenate(each).tolist())

    def concatenated(self, one: Signal, other: Signal) -> Signal:
        """The two side by side, along their last axis."""
        shape = (*one.shape[:-1], one.shape[-1] + other.shape[-1])
        return self.node(Op.concatenate, shape, one, other, steps=one.steps)

    def dense(self, layer: Any, x: Signal) -> Signal:
        """A Dense layer, on the last axis of what it reads."""
        if layer.quantization_mode is not None or layer.lora_enabled:
            raise NotSupported(f"{layer.name!r} is quantised or has LoRA enabled")
        kernel = (layer.kernel, layer.kernel_regularizer, layer.kernel_constraint)
        bias = (layer.bias, layer.bias_regularizer, layer.bias_constraint)
        z = self.node(Op.dense, (*x.shape[:-1], layer.units), x, steps=x.steps,
                      weights=(kernel, bias if layer.use_bias else None))
        return self.activate(layer.activation, z)

    def activate(self, function: Any, x: Signal) -> Signal:
        """An activation function, or a layer that is one; nothing where it is linear."""
        if function is None or function is keras.activations.linear:
            return x
        if type(function) is layers.Activation:
            return self.activate(function.activation, x)
        along = softmax_of(function)
        if along is not None:
            return self._softmax(*along, x)
        kind, parameters = known(function, self.layer)
        self.network.activation[self.layer] = name_of(function)
        return self.node(Op.activation, x.shape, x, function=kind, p=parameters)

    def _softmax(self, name: str, axis: Any, x: Signal) -> Signal:
        if axis not in (-1, len(x.shape)):
            raise NotSupported(f"{self.layer!r}: a softmax over another than the last axis")
        return self.node(getattr(Op, name), x.shape, x, steps=x.steps)
