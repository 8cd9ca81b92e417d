"""`nn.LSTM`, `nn.GRU`, `nn.RNN`, and their cells."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops

from unstuck.network.torch_numbers import layers as numbers
from unstuck.network.torch_numbers.initializers import OfUnits

from .ops import Leaf, Op
from .translating import Translation, translates

_GATES = {"gru": (3, (1, 0, 2)), "lstm": (4, (0, 1, 2, 3)), "rnn_tanh": (1, (0,)),
          "rnn_relu": (1, (0,))}
"""How many blocks each has, and which of torch's is which of Keras's: Keras's GRU begins with z."""


@translates(*_GATES)
def recurrent(to: Translation, op: Op) -> Any:
    """The outputs and the last states; a layer of Keras's for each layer and direction."""
    if len(op.args) != 9 or isinstance(op.args[3], tuple):
        raise to.refused(op, f"{op.name} of packed sequences; give it padded ones")
    x, state, weights, biases, count, rate, training, both, first = op.args
    each, ways = 4 if biases else 2, 2 if both else 1
    if len(weights) != each * count * ways:
        raise to.refused(op, f"{op.name} with proj_size")
    begins = [_begins(to, one, count * ways) for one in (state if op.name == "lstm" else (state,))]
    cells = op.name == "lstm" and any(
        ref.op is op and ref.at == 2 for later in to.all_ops for ref in later.operands)
    out, ends = to.value(x), []
    # Where the network has not brought the steps to the front itself, rows are read as steps.
    mixed = not first and out.shape[0] is None and out.shape[1] != 1
    swapped = _rows_as_steps(to, op, weights[0]) if mixed else (
        lambda given: given if first else ops.transpose(given, (1, 0, 2)))
    out = swapped(out)
    masks = iter(_masks(to, op) if rate and count > 1 and training else ())
    for i in range(count):
        made = []
        for way in range(ways):
            at = i * ways + way
            one, last = _one_way(
                to, op, out, weights[each * at : each * (at + 1)], [part[at] for part in begins],
                backwards=bool(way), cells=cells)
            made.append(one)
            ends.append(last)
        out = made[0] if ways == 1 else ops.concatenate(made, axis=-1)
        if i < count - 1 and rate:
            out = out * next(masks) if to.shadow and training else keras.layers.Dropout(
                rate, name=to.called(op, "between"))(out) if not to.shadow else out
    out = swapped(out)
    states = [ops.stack(list(part), axis=0) for part in zip(*ends, strict=True)]
    return out, *states


def _rows_as_steps(to: Translation, op: Op, weight: Leaf) -> Callable[[Any], Any]:
    """What brings steps to the front and back again, as layers that can be told to leave them."""
    name = f"{to.layer_of(weight, op)}_rows_as_steps"
    return lambda given: to.noted(numbers.RowsAsSteps(name=to.named(name)), op)(given)


def _begins(to: Translation, state: Any, count: int) -> list[Any]:
    """The first state of each layer and direction; `None` for zeros."""
    fixed = to.fixed(state)
    if fixed is not None and not fixed.any():
        return [None] * count
    given = to.value(state)
    return [given[i] for i in range(count)]


def _masks(to: Translation, op: Op) -> list[Any]:
    return [to.captured(op, mask.shape) for mask in op.before["masks"]] if to.shadow else []


def _one_way(
    to: Translation, op: Op, x: Any, weights: Any, begins: list[Any], *, backwards: bool, cells: bool
) -> tuple[Any, tuple[Any, ...]]:
    """What one layer puts out in the order of the steps, and its last states."""
    gates, order = _GATES[op.name]
    units = weights[1].tensor.shape[1]

    def turned(values: Any) -> Any:
        blocks = np.split(values, gates, axis=0)
        return np.concatenate([blocks[i] for i in order], axis=0).T

    def both(one: Any, other: Any) -> Any:
        return np.stack([turned(one), turned(other)])

    if to.is_alone(*weights):
        raise to.refused(op, f"the parameters of {op.name} are read elsewhere, too")
    kind = {"gru": keras.layers.GRU, "lstm": numbers.LSTM}.get(op.name, numbers.SimpleRNN)
    more: dict[str, Any] = {"reset_after": True} if op.name == "gru" else {}
    if op.name == "rnn_relu":
        more["activation"] = "relu"

    def make() -> Any:
        layer = kind(units, return_sequences=True, name=to.named(to.layer_of(weights[0], op)),
                     kernel_initializer=OfUnits(gates), recurrent_initializer=OfUnits(gates),
                     bias_initializer=OfUnits(gates), use_bias=len(weights) > 2,
                     go_backwards=backwards, return_state=cells, trainable=to.trains(*weights), **more)
        layer.build(x.shape)
        to.hold(layer.cell, "kernel", weights[:1], turned)
        to.hold(layer.cell, "recurrent_kernel", weights[1:2], turned)
        if len(weights) > 2 and op.name == "gru":
            to.hold(layer.cell, "bias", weights[2:], both)
        elif len(weights) > 2:
            to.hold(layer.cell, "bias", weights[2:3], turned)
            to.hold(layer.cell, "recurrent_bias", weights[3:], turned)
        return to.noted(layer, op)

    given = begins if any(one is not None for one in begins) else None
    if given is not None and None in given:
        raise to.refused(op, f"{op.name} with one of two first states of its own")
    out = to.once(list(weights), make)(x, **({} if given is None else {"initial_state": given}))
    out, *ends = out if cells else (out,)
    last = tuple(ends) if cells else (out[:, -1],)
    return (ops.flip(out, axis=1) if backwards else out), last


@translates("_pack_padded_sequence")
def packed(to: Translation, op: Op) -> Any:
    """Sequences of several lengths."""
    raise to.refused(op, "its network packs sequences. Give the layer the padded ones to diagnose it")


@translates("lstm_cell", "gru_cell", "rnn_tanh_cell", "rnn_relu_cell")
def cell(to: Translation, op: Op) -> Any:
    """One step, with the weights of `nn.LSTMCell` and its like."""
    x, state = to.value(op.args[0]), to.value(op.args[1])
    weights = [to.value(one) for one in op.args[2:6]]
    biases = [0.0 if one is None else one for one in (*weights[2:], None, None)[:2]]
    before = state[0] if isinstance(state, tuple) else state
    mine = ops.matmul(x, ops.transpose(weights[0])) + biases[0]
    own = ops.matmul(before, ops.transpose(weights[1])) + biases[1]
    if op.name.startswith("rnn"):
        return (ops.tanh if "tanh" in op.name else ops.relu)(mine + own)
    if op.name == "gru_cell":
        (r, z, n), (r_own, z_own, n_own) = ops.split(mine, 3, axis=-1), ops.split(own, 3, axis=-1)
        new = ops.tanh(n + ops.sigmoid(r + r_own) * n_own)
        keep = ops.sigmoid(z + z_own)
        return new + keep * (before - new)
    enter, forget, new, leave = ops.split(mine + own, 4, axis=-1)
    held = ops.sigmoid(forget) * state[1] + ops.sigmoid(enter) * ops.tanh(new)
    return ops.sigmoid(leave) * ops.tanh(held), held
