"""Layers over sequences as nodes of the native engine: recurrent ones, lookups, repeats, means."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from unstuck.base.errors import NotSupported

from .activations import known, name_of
from .kernels import Function, Op
from .nodes import Nodes, Signal

layers = keras.layers
CELLS = {layers.SimpleRNN: (Op.simple_rnn, 1), layers.LSTM: (Op.lstm, 4), layers.GRU: (Op.gru, 3)}
"""Recurrent layers with their gates, the candidate among them."""
MOST_NUMBERS = 1 << 17
"""What a layer may keep of one row for its way back; with more, a batch fills the memory."""


def sequence_kinds(nodes: Nodes) -> dict[type, Callable[[Any, Any], Signal]]:
    """What to do with layers of these classes."""
    return {
        **dict.fromkeys(CELLS, lambda layer, x: recurrent(nodes, layer, x)),
        layers.Bidirectional: lambda layer, x: both_ways(nodes, layer, x),
        layers.TimeDistributed: lambda layer, x: at_each_step(nodes, layer, x),
        layers.Embedding: lambda layer, x: looked_up(nodes, layer, x),
        layers.SpatialDropout1D: lambda layer, x: dropped(nodes, x, layer.rate),
        layers.RepeatVector: lambda layer, x: nodes.node(
            Op.repeat, (layer.n, *x.shape), x, steps=layer.n),
        layers.GlobalAveragePooling1D: lambda layer, x: mean(nodes, layer, x),
    }


def recurrent(nodes: Nodes, layer: Any, x: Signal, *, by_place: bool = False) -> Signal:
    """A SimpleRNN, LSTM or GRU; `by_place` puts what a backward one gives out in the input's order.

    Raises:
        NotSupported: it drops out, keeps states, or has gates that the kernels lack.
    """
    name, cell = layer.name, layer.cell
    op, gates = CELLS[type(layer)]
    if len(x.shape) != 2:
        raise NotSupported(f"{name!r} reads a sequence of more than one axis")
    if layer.stateful or layer.return_state:
        raise NotSupported(f"{name!r} hands on its state")
    if layer.recurrent_dropout:
        raise NotSupported(f"{name!r} drops out between its steps")
    if op is Op.gru and not layer.reset_after:
        raise NotSupported(f"{name!r} resets before its product (reset_after=False)")
    function, parameters = known(layer.activation, name)
    gate, none = (known(layer.recurrent_activation, name) if gates > 1
                  else (Function.linear, ()))
    if none:
        raise NotSupported(f"{name!r}: the native engine has no gate"
                           f" {name_of(layer.recurrent_activation)}")
    steps, units = x.shape[0], layer.units
    if steps * (gates + 2) * units > MOST_NUMBERS:
        raise NotSupported(f"{name!r}: {steps:,} steps of {units:,} units are beyond the native"
                           " engine")
    weights: list[tuple[Any, ...]] = [
        (cell.kernel, layer.kernel_regularizer, layer.kernel_constraint),
        (cell.recurrent_kernel, layer.recurrent_regularizer, layer.recurrent_constraint)]
    if layer.use_bias:
        weights.append((cell.bias, layer.bias_regularizer, layer.bias_constraint, True))
    nodes.network.activation[name] = name_of(layer.activation)
    if layer.dropout:  # one mask for all steps, as in Keras's cells
        x = dropped(nodes, x, layer.dropout)
    return nodes.node(
        op, (steps, units) if layer.return_sequences else (units,), x, weights=tuple(weights),
        function=function, p=parameters, gate=gate, steps=steps,
        backwards=(2 if by_place else 1) if layer.go_backwards else 0,
        sequences=layer.return_sequences)


def dropped(nodes: Nodes, x: Signal, rate: float) -> Signal:
    """Some features of a sequence, at all of its steps at once."""
    if len(x.shape) != 2:
        raise NotSupported("The native engine drops features of sequences with one axis of steps")
    return nodes.node(Op.dropout, x.shape, x, p=(float(rate),), steps=x.shape[0])


def both_ways(nodes: Nodes, layer: Any, x: Signal) -> Signal:
    """A Bidirectional layer: both of its layers, and what merges them."""
    one, other = layer.forward_layer, layer.backward_layer
    if type(one) not in CELLS or type(other) not in CELLS:
        raise NotSupported(f"{layer.name!r} wraps a {type(one).__name__}")
    there, back = (recurrent(nodes, part, x, by_place=True) for part in (one, other))
    mode = layer.merge_mode
    if mode == "concat":
        return nodes.concatenated(there, back)
    ops = {"sum": Op.add, "mul": Op.multiply, "ave": Op.add}
    if mode not in ops:
        raise NotSupported(f"{layer.name!r} gives out both directions (merge_mode={mode!r})")
    merged = nodes.node(ops[mode], there.shape, there, back)
    return nodes.affine(merged, 0.0, 0.5, 0.0) if mode == "ave" else merged


def at_each_step(nodes: Nodes, layer: Any, x: Signal) -> Signal:
    """A TimeDistributed Dense layer, which is a Dense layer on the last axis."""
    inner = layer.layer
    if type(inner) is not layers.Dense or inner.activity_regularizer is not None:
        raise NotSupported(f"{layer.name!r} wraps a {type(inner).__name__}")
    return nodes.dense(inner, x)


def looked_up(nodes: Nodes, layer: Any, x: Signal) -> Signal:
    """An Embedding of the network's inputs."""
    if x.node != 0:
        raise NotSupported(f"{layer.name!r} looks up what was computed before")
    if layer.quantization_mode is not None or layer.lora_enabled:
        raise NotSupported(f"{layer.name!r} is quantised or has LoRA enabled")
    entries = nodes.network.entries or layer.input_dim
    nodes.network.entries = min(layer.input_dim, entries)
    table = (layer.embeddings, layer.embeddings_regularizer, layer.embeddings_constraint)
    return nodes.node(Op.lookup, (*x.shape, layer.output_dim), x, steps=x.units, weights=(table,))


def mean(nodes: Nodes, layer: Any, x: Signal) -> Signal:
    """A GlobalAveragePooling1D over steps."""
    if len(x.shape) != 2 or layer.data_format != "channels_last" or layer.keepdims:
        raise NotSupported(f"{layer.name!r} takes the mean over another axis than the steps")
    return nodes.node(Op.mean, (x.shape[1],), x, steps=x.shape[0])
