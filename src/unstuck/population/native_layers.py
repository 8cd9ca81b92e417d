"""A Keras model as the native engine's list of nodes: which layers, activations and sizes are in.

`trace` walks through a built model's graph with stand-ins for tensors. Anything that does not
reduce to the kernels' operations raises NotSupported and is named; nothing is approximated.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from unstuck import adapter
from unstuck.architecture import Built
from unstuck.errors import NotSupported
from unstuck.native.kernels import Node, Op, Variable
from unstuck.population.native_activations import known, name_of, softmax_of
from unstuck.population.native_sequences import sequence_kinds

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


def trace(built: Built, kept: Mapping[str, NDArray[Any]]) -> Network:
    """The network of a freshly built model.

    Args:
        built: the model with its initialisers.
        kept: values, by path, of the variables that are not drawn anew.

    Raises:
        NotSupported: the model has a part that this engine does not do, named.
    """
    model = built.model
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        raise NotSupported("The native engine takes networks with one input and one output")
    (entry,) = model.inputs
    if None in entry.shape[1:]:
        raise NotSupported("The native engine takes inputs of fixed size")
    masking = next((layer.name for layer in adapter.flat_layers(model)
                    if isinstance(layer, layers.Masking) or getattr(layer, "mask_zero", False)), None)
    if masking is not None:
        raise NotSupported(f"The native engine has no masks, as {masking!r} makes them")
    tracer = Tracer(built, kept)
    first = tracer.node(Op.input, entry.shape[1:])
    graph = model._functional if isinstance(model, keras.Sequential) else model
    result = adapter.run_through_graph(graph, [first], tracer.call)
    network = tracer.network
    network.result = keras.tree.flatten(result)[0]
    if entry.dtype != "float32" and network.entries is None:
        raise NotSupported("The native engine takes float32 inputs, or numbers to look up")
    if network.result.node != len(network.nodes) - 1:
        raise NotSupported("The native engine takes networks that end in the layer made last")
    return network


class Tracer:
    """Walks through the graph of a built model, whose layers call it in their order."""

    def __init__(self, built: Built, kept: Mapping[str, NDArray[Any]]) -> None:
        self.network = Network()
        self._built = built
        # A Sequential puts its name before the paths of its weights, its rebuilt graph does not.
        self._kept = {k.removeprefix(f"{built.model.name}/"): v for k, v in kept.items()}
        self._trainable = {id(v) for v in built.model.trainable_variables}
        self._layer = ""
        self._with_weights: set[int] = set()
        self._kinds: dict[type, Callable[[Any, Any], Signal]] = {
            layers.Dense: self.dense,
            layers.Activation: lambda layer, x: self._activate(layer.activation, x),
            layers.ReLU: lambda layer, x: self._activate(layer, x),
            layers.LeakyReLU: lambda layer, x: self._activate(layer, x),
            layers.ELU: lambda layer, x: self._activate(layer, x),
            layers.Softmax: lambda layer, x: self._activate(layer, x),
            layers.Dropout: self._dropout,
            layers.Flatten: self._flatten,
            layers.Reshape: self._reshape,
            layers.Identity: lambda layer, x: x,
            layers.ActivityRegularization: lambda layer, x: x,
            layers.Rescaling: self._rescaling,
            layers.Normalization: self._normalization,
            layers.BatchNormalization: self._batch_normalization,
            layers.Add: lambda layer, x: self._chain(Op.add, x),
            layers.Multiply: lambda layer, x: self._chain(Op.multiply, x),
            layers.Subtract: lambda layer, x: self._chain(Op.subtract, x),
            layers.Average: self._average,
            layers.Concatenate: self._concatenate,
            **sequence_kinds(self),
        }

    def call(self, layer: Any, *args: Any, **kwargs: Any) -> Any:
        """What `run_through_graph` calls for each operation of the graph."""
        if adapter.is_functional(layer) and adapter.is_plain_functional(layer):
            return self._nested(layer, layer, args[0])
        if type(layer) is keras.Sequential:
            return self._nested(layer, layer._functional, args[0])
        kind = self._kinds.get(type(layer))
        if kind is None:
            raise NotSupported(f"The native engine has no {type(layer).__name__} ({layer.name!r})")
        # `fit` and `predict` say themselves whether they train, whatever a layer was called with.
        more = {name for name, value in kwargs.items() if value is not None} - {"training"}
        if more or len(args) != 1:
            raise NotSupported(f"{layer.name!r} is called with arguments beside its input")
        if layer.compute_dtype != "float32" or layer.variable_dtype != "float32":
            raise NotSupported(f"{layer.name!r} computes in {layer.compute_dtype}, not in float32")
        if layer.variables and id(layer) in self._with_weights:
            raise NotSupported(f"The weights of {layer.name!r} are used twice")
        self._with_weights.add(id(layer))
        self._layer = layer.name
        self.network.activation.setdefault(layer.name, "")
        out = self._penalty(layer, kind(layer, args[0]))
        self.network.outputs[layer.name] = out
        return out

    def _nested(self, layer: Any, graph: Any, x: Any) -> Any:
        if not isinstance(x, Signal):
            raise NotSupported(f"{layer.name!r} takes several inputs")
        out = adapter.run_through_graph(graph, [x], self.call)
        flat = keras.tree.flatten(out)
        if len(flat) != 1:
            raise NotSupported(f"{layer.name!r} has several outputs")
        self.network.outputs[layer.name] = flat[0]
        return out

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
            raise NotSupported(f"{self._layer!r} has a constraint on its weights")
        l1, l2 = self._penalties(regularizer)
        shape = tuple(variable.shape)
        rows, columns = (1, int(np.prod(shape))) if one_row or len(shape) != 2 else shape
        trainable = id(variable) in self._trainable
        kept = self._kept.get(variable.path)
        self.network.weights.append(Weight(
            path=variable.path, drawn_as=self._built.drawn_as(variable.path), shape=shape,
            trainable=trainable, layer=self._layer,
            initializer=self._built.initializers.get(id(variable)),
            kept=kept if kept is not None and kept.shape == shape else None))
        self.network.variables.append(
            Variable(rows=rows, columns=columns, trainable=trainable, l1=l1, l2=l2))
        return len(self.network.variables) - 1

    def _penalties(self, regularizer: Any) -> tuple[float, float]:
        if regularizer is None:
            return 0.0, 0.0
        known = (keras.regularizers.L1, keras.regularizers.L2, keras.regularizers.L1L2)
        if type(regularizer) not in known:
            kind = type(regularizer).__name__
            raise NotSupported(f"The native engine has no regulariser {kind} ({self._layer!r})")
        return float(getattr(regularizer, "l1", 0.0)), float(getattr(regularizer, "l2", 0.0))

    def _penalty(self, layer: Any, out: Signal) -> Signal:
        l1, l2 = self._penalties(layer.activity_regularizer)
        if l1 == 0 and l2 == 0:
            return out
        return self.node(Op.penalty, out.shape, out, p=(l1, l2))

    def dense(self, layer: Any, x: Signal) -> Signal:
        """A Dense layer, on the last axis of what it reads."""
        if layer.quantization_mode is not None or layer.lora_enabled:
            raise NotSupported(f"{layer.name!r} is quantised or has LoRA enabled")
        kernel = (layer.kernel, layer.kernel_regularizer, layer.kernel_constraint)
        bias = (layer.bias, layer.bias_regularizer, layer.bias_constraint)
        z = self.node(Op.dense, (*x.shape[:-1], layer.units), x, steps=x.steps,
                      weights=(kernel, bias if layer.use_bias else None))
        return self._activate(layer.activation, z)

    def _activate(self, function: Any, x: Signal) -> Signal:
        if function is None or function is keras.activations.linear:
            return x
        if type(function) is layers.Activation:
            return self._activate(function.activation, x)
        along = softmax_of(function)
        if along is not None:
            return self._softmax(*along, x)
        kind, parameters = known(function, self._layer)
        self.network.activation[self._layer] = name_of(function)
        return self.node(Op.activation, x.shape, x, function=kind, p=parameters)

    def _softmax(self, name: str, axis: Any, x: Signal) -> Signal:
        if axis not in (-1, len(x.shape)):
            raise NotSupported(f"{self._layer!r}: a softmax over another than the last axis")
        return self.node(getattr(Op, name), x.shape, x, steps=x.steps)

    def _dropout(self, layer: Any, x: Signal) -> Signal:
        if layer.noise_shape is not None:
            raise NotSupported(f"{layer.name!r}: a dropout with a noise shape")
        return self.node(Op.dropout, x.shape, x, p=(float(layer.rate),))

    def _flatten(self, layer: Any, x: Signal) -> Signal:
        if layer.data_format == "channels_first" and len(x.shape) > 1:
            raise NotSupported(f"{layer.name!r}: a Flatten that moves the channels")
        return Signal(node=x.node, shape=(x.units,))

    def _reshape(self, layer: Any, x: Signal) -> Signal:
        return Signal(node=x.node, shape=tuple(layer.compute_output_shape((None, *x.shape))[1:]))

    def affine(self, x: Signal, offset: Any, scale: Any, shift: Any) -> Signal:
        """(x - offset) * scale + shift, each of them constant."""
        each = [np.broadcast_to(np.asarray(part, np.float32), x.shape).ravel()
                for part in (offset, scale, shift)]
        return self.node(Op.affine, x.shape, x, constants=np.concatenate(each).tolist())

    def _rescaling(self, layer: Any, x: Signal) -> Signal:
        return self.affine(x, 0.0, layer.scale, layer.offset)

    def _normalization(self, layer: Any, x: Signal) -> Signal:
        axes = (layer.axis,) if isinstance(layer.axis, int) else tuple(layer.axis or ())
        rank = len(x.shape) + 1
        kept = {a % rank - 1 for a in axes}
        shape = [size if i in kept else 1 for i, size in enumerate(x.shape)]
        moments = []
        for name in ("mean", "variance"):
            given = getattr(layer, f"input_{name}")
            value = self._kept.get(f"{layer.path}/{name}") if given is None else given
            if value is None:
                raise NotSupported(f"{layer.name!r} has been given no mean and variance")
            value = np.asarray(value, np.float32)
            moments.append(value.reshape(shape) if value.size == np.prod(shape) else value)
        mean, deviation = moments[0], np.maximum(np.sqrt(moments[1]), keras.config.epsilon())
        if layer.invert:
            return self.affine(x, 0.0, deviation, mean)
        return self.affine(x, mean, np.float32(1) / deviation, 0.0)

    def _batch_normalization(self, layer: Any, x: Signal) -> Signal:
        if len(x.shape) != 1 or layer.axis not in (-1, 1):
            raise NotSupported(f"{layer.name!r}: a batch normalisation over several axes")
        if getattr(layer, "renorm", False) or layer.synchronized:
            raise NotSupported(f"{layer.name!r}: renormalised or synchronised statistics")
        gamma = (layer.gamma, layer.gamma_regularizer, layer.gamma_constraint)
        beta = (layer.beta, layer.beta_regularizer, layer.beta_constraint)
        statistics = ((layer.moving_mean, None, None), (layer.moving_variance, None, None))
        return self.node(
            Op.batch_norm, x.shape, x, p=(layer.momentum, layer.epsilon), training=layer.trainable,
            weights=(gamma if layer.scale else None, beta if layer.center else None, *statistics))

    def _chain(self, op: Op, several: Any) -> Signal:
        out, *rest = several
        for x in rest:
            if x.shape != out.shape:
                raise NotSupported(f"{self._layer!r} merges inputs of different shapes")
            out = self.node(op, out.shape, out, x)
        return Signal(node=out.node, shape=out.shape)

    def _average(self, layer: Any, several: Any) -> Signal:
        return self.affine(self._chain(Op.add, several), 0.0, 1.0 / len(several), 0.0)

    def _concatenate(self, layer: Any, several: Any) -> Signal:
        out, *rest = several
        if layer.axis not in (-1, len(out.shape)) or any(
                x.shape[:-1] != out.shape[:-1] for x in rest):
            raise NotSupported(f"{self._layer!r} concatenates along another than the last axis")
        for x in rest:
            out = self.concatenated(out, x)
        return Signal(node=out.node, shape=out.shape)

    def concatenated(self, one: Signal, other: Signal) -> Signal:
        """The two side by side, along their last axis."""
        shape = (*one.shape[:-1], one.shape[-1] + other.shape[-1])
        return self.node(Op.concatenate, shape, one, other, steps=one.steps)
