"""Which parameters are a layer's, and which a network computes with by themselves."""

from __future__ import annotations

from collections.abc import Iterable

from .ops import Leaf, Op, Ref

PRODUCTS = frozenset({"mm", "matmul", "__matmul__"})
_LAYERS = frozenset({
    "linear", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d",
    "conv_transpose3d", "batch_norm", "layer_norm", "group_norm", "instance_norm", "rms_norm",
    "embedding", "gru", "lstm", "rnn_tanh", "rnn_relu", "multi_head_attention_forward", "prelu",
    "embedding_bag"})
"""Operations that are layers with the parameters that they are given."""


def read_alone(network: Iterable[Op]) -> frozenset[int]:
    """The parameters, by `id` of their tensors, that are read otherwise than by one kind of layer."""
    every = list(network)
    roles: dict[int, set[tuple[str, int]]] = {}
    for op in every:
        for at, one in enumerate(op.inputs):
            if isinstance(one, Leaf) and one.parameter:
                roles.setdefault(id(one.tensor), set()).add(_role(every, op, at, one))
    return frozenset(key for key, found in roles.items() if len(found) > 1 or ("", 0) in found)


def bias_behind(every: Iterable[Op], op: Op) -> Leaf | None:
    """The parameter that is added to what an operation puts out, and to nothing else."""
    readers = [later for later in every if any(ref.op is op for ref in later.operands)]
    if len(readers) != 1 or readers[0].name not in ("add", "__add__", "__radd__"):
        return None
    found = [one for one in readers[0].inputs if isinstance(one, Leaf) and one.parameter]
    whole = found and tuple(found[0].tensor.shape) in ((op.shape[-1],), (1, op.shape[-1]))
    return found[0] if whole else None


def _role(every: list[Op], op: Op, at: int, leaf: Leaf) -> tuple[str, int]:
    if op.name in _LAYERS and at:
        return op.name, at
    if op.name in PRODUCTS and at == 1 and leaf.tensor.dim() == 2 and isinstance(op.args[1], Leaf):
        return "product", 1
    before = [one for one in op.inputs if isinstance(one, Ref)]
    if before and before[0].op.name in PRODUCTS and bias_behind(every, before[0].op) is leaf:
        return "bias", 1
    return "", 0
