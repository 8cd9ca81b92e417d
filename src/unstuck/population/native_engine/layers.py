"""A Keras model as the native engine's list of nodes: which layers, activations and sizes are in.

`trace` walks through a built model's graph with stand-ins for tensors. Anything that does not
reduce to the kernels' operations raises NotSupported and is named; nothing is approximated.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from unstuck.base.errors import NotSupported
from unstuck.network import adapter
from unstuck.network.rebuilding import Built

from .kernels import Op
from .nodes import Network, Nodes, Signal
from .sequences import sequence_kinds

layers = keras.layers


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


class Tracer(Nodes):
    """Walks through the graph of a built model, whose layers call it in their order."""

    def __init__(self, built: Built, kept: Mapping[str, NDArray[Any]]) -> None:
        super().__init__(built, kept)
        self._with_weights: set[int] = set()
        self._kinds: dict[type, Callable[[Any, Any], Signal]] = {
            layers.Dense: self.dense,
            layers.Activation: lambda layer, x: self.activate(layer.activation, x),
            layers.ReLU: lambda layer, x: self.activate(layer, x),
            layers.LeakyReLU: lambda layer, x: self.activate(layer, x),
            layers.ELU: lambda layer, x: self.activate(layer, x),
            layers.Softmax: lambda layer, x: self.activate(layer, x),
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
        self.layer = layer.name
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

    def _penalty(self, layer: Any, out: Signal) -> Signal:
        l1, l2 = self.penalties(layer.activity_regularizer)
        if l1 == 0 and l2 == 0:
            return out
        return self.node(Op.penalty, out.shape, out, p=(l1, l2))

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
            value = self.kept.get(f"{layer.path}/{name}") if given is None else given
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
                raise NotSupported(f"{self.layer!r} merges inputs of different shapes")
            out = self.node(op, out.shape, out, x)
        return Signal(node=out.node, shape=out.shape)

    def _average(self, layer: Any, several: Any) -> Signal:
        return self.affine(self._chain(Op.add, several), 0.0, 1.0 / len(several), 0.0)

    def _concatenate(self, layer: Any, several: Any) -> Signal:
        out, *rest = several
        if layer.axis not in (-1, len(out.shape)) or any(
                x.shape[:-1] != out.shape[:-1] for x in rest):
            raise NotSupported(f"{self.layer!r} concatenates along another than the last axis")
        for x in rest:
            out = self.concatenated(out, x)
        return Signal(node=out.node, shape=out.shape)
