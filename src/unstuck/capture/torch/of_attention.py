"""Attention: `nn.MultiheadAttention`, and the function that it is made of."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from unstuck.network.torch_numbers.attention import MultiHeadAttention

from .initial import bias_initializer, initializer
from .ops import Leaf, Op
from .translating import Translation, translates


@translates("multi_head_attention_forward")
def multi_head(to: Translation, op: Op) -> Any:
    """`nn.MultiheadAttention`; what it says of its weights is not handed on."""
    query, key, value, units, heads, weight, bias, *more, rate, out, out_bias = op.args[:13]
    if op.kwargs.get("use_separate_proj_weight") or more != [None, None, False]:
        raise to.refused(op, "attention with kdim, vdim, add_bias_kv or add_zero_attn")
    leaves = [one for one in (weight, bias, out, out_bias) if isinstance(one, Leaf)]
    if len(leaves) < 2 + 2 * (bias is not None) or to.is_alone(*leaves):
        raise to.refused(op, "the parameters of an attention are read elsewhere, too")
    drops = bool(rate) and op.kwargs.get("training", True)

    def make() -> Any:
        drawn = {id(one.tensor): to.draws.get(id(one.tensor)) for one in leaves}
        shape = (units, units)
        layer = MultiHeadAttention(
            units, heads, rate, bias is not None, name=to.named(to.layer_of(weight, op)),
            trainable=to.trains(*leaves),
            kernel_initializer=initializer(drawn[id(weight.tensor)], (units, 3 * units)),
            out_kernel_initializer=initializer(drawn[id(out.tensor)], shape),
            **({} if bias is None else {
                "bias_initializer": bias_initializer(drawn[id(bias.tensor)], (units, 3 * units)),
                "out_bias_initializer": bias_initializer(drawn[id(out_bias.tensor)], shape)}))
        layer.build(query_shape=(None, None, units), key_shape=None, value_shape=None)
        names = ("kernel", "bias", "out_kernel", "out_bias")
        for name, leaf in zip(names, (weight, bias, out, out_bias), strict=True):
            if leaf is not None:
                to.hold(layer, name, [leaf], np.transpose)
        return to.noted(layer, op)

    given: dict[str, Any] = {}
    added = _added(to, op, heads)
    if added is not None:
        given["added"] = added
    if to.shadow and drops:
        given["kept"] = to.captured(op, op.before["masks"][0].shape)
    return to.once(leaves, make)(*map(to.value, (query, key, value)), **given)


def _added(to: Translation, op: Op, heads: int) -> Any:
    """What is added to the scores: minus infinity where nothing may be read."""
    mask, padded = to.value(op.kwargs.get("attn_mask")), to.value(op.kwargs.get("key_padding_mask"))
    if mask is not None and len(mask.shape) == 3:
        mask = ops.reshape(_scores(mask), (-1, heads, *mask.shape[1:]))
    elif mask is not None:
        mask = ops.reshape(_scores(mask), (1, 1, *mask.shape))
    if padded is None:
        return mask
    padded = ops.reshape(_scores(padded), (-1, 1, 1, padded.shape[-1]))
    return padded if mask is None else mask + padded


def _scores(mask: Any) -> Any:
    """A mask as numbers to add; true is where nothing is read."""
    return ops.where(mask, -np.inf, 0.0) if str(mask.dtype) == "bool" else mask


@translates("scaled_dot_product_attention")
def scaled_dot_product(to: Translation, op: Op) -> Any:
    """Softmax of the products of queries and keys, times values."""
    query, key, value = (to.value(one) for one in op.args[:3])
    mask, rate = to.arg(op, 3, "attn_mask"), float(to.raw(op, 4, "dropout_p", 0.0))
    scale = to.raw(op, 6, "scale")
    if to.raw(op, 7, "enable_gqa", False):
        raise to.refused(op, "attention with groups of queries")
    axes = [*range(len(key.shape) - 2), len(key.shape) - 1, len(key.shape) - 2]
    by = query.shape[-1] ** -0.5 if scale is None else float(scale)
    scores = ops.matmul(query * by, ops.transpose(key, axes))
    if to.raw(op, 5, "is_causal", False):
        mask = np.tril(np.ones((query.shape[-2], key.shape[-2]), bool))
    if mask is not None:
        scores = ops.where(mask, scores, -np.inf) if str(mask.dtype) == "bool" else scores + mask
    shares = ops.softmax(scores, axis=-1)
    if rate and to.shadow:
        shares = shares * to.captured(op, op.before["masks"][0].shape)
    elif rate:
        shares = keras.layers.Dropout(rate, name=to.called(op, "dropped"))(shares)
    return ops.matmul(shares, value)
