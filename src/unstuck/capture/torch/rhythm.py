"""When a loop clears gradients, makes steps, and changes the mode of its network."""

from __future__ import annotations

from collections.abc import Sequence

from unstuck.base.errors import NotSupported
from unstuck.network.loops import Clears

from .ops import Graph, Op
from .parts import Parts
from .trainings import Training

_MODES = {"dropout": 2, "dropout1d": 2, "dropout2d": 2, "dropout3d": 2, "batch_norm": 5,
          "multi_head_attention_forward": 13}
"""Operations that do otherwise in training, and where they are told."""


def rhythm_of(training: Training) -> tuple[Clears, int]:
    """When gradients are cleared, and after how many batches a step is made.

    Raises:
        NotSupported: there is no rule in it.
    """
    batches = training.batches
    stepped = [i for i, one in enumerate(batches) if one.step]
    if not stepped:
        return "step", 0
    gaps = {b - a for a, b in zip([-1, *stepped], stepped, strict=False)}
    if len(gaps) != 1:
        raise NotSupported(
            "its optimizer makes a step after some batches and not after others. Let it make one after"
            " every so many batches.")
    every = gaps.pop()
    if all(batches[i].lost for i in stepped):
        return "lost", every
    cleared = [one.cleared for one in batches[1:]]
    if not cleared or (every == 1 and all(cleared)):
        return "step", every
    if all(cleared):
        return "batch", every
    if cleared == [bool(one.step) for one in batches[:-1]]:
        return "step", every
    if not any(cleared):
        return "never", every
    raise NotSupported(
        "its gradients are cleared before some batches and not before others, by no rule that shows."
        " Call optimizer.zero_grad() before every backward().")


def mode_of(graphs: Sequence[Graph], parts: Parts) -> tuple[bool, int | None]:
    """Whether the network is in training's mode at first, and after how many updates no more.

    Raises:
        NotSupported: it changes to and fro.
    """
    at = [i for i, op in enumerate(graphs[0].ops) if op.name in _MODES]
    if not at:
        return True, None
    modes = [[_trains(graph.ops[i]) for i in at] for graph in graphs]
    if any(len(set(mode)) > 1 for mode in modes):
        raise NotSupported(
            "some of its layers are in the mode of training and others in that of inference. Diagnose"
            " it with model.train().")
    flat = [mode[0] for mode in modes]
    changes = [i for i in range(1, len(flat)) if flat[i] != flat[i - 1]]
    if not changes:
        return flat[0], None
    if len(changes) == 1 and flat[0]:
        return True, changes[0]
    raise NotSupported(
        "its network changes between the modes of training and inference while it is trained. Call"
        " model.train() once, before the batches.")


def _trains(op: Op) -> bool:
    at = _MODES[op.name]
    given = op.args[at] if len(op.args) > at else op.kwargs.get("training", op.name != "batch_norm")
    return bool(given)
