"""One update of a hand-written loop: the events that led to it, and where its targets stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from unstuck.base.errors import NotSupported

from .events import Event


@dataclass(frozen=True, kw_only=True, eq=False)
class Update:
    """One update: the events that led to it, and the rows that it was made of."""

    forward: Event
    loss: Event | None
    gradient: Event
    update: Event

    @property
    def value(self) -> float:
        """What was minimised, before the update."""
        return float(sum(np.sum(np.asarray(one)) for one in self.gradient.arrays["value"]))


def loss_of(forward: Event, recent: Sequence[Event]) -> Event | None:
    """The last loss, among events, that was computed of a forward pass; `None` for none."""
    found = [one for at, one in enumerate(recent) if one.kind == "loss"
             and one.what["of"] is not None and at >= one.what["of"]
             and recent[at - one.what["of"]] is forward]
    return found[-1] if found else None


def targets_of(first: Update) -> tuple[str, int] | None:
    """The name in the block, and the array of it, that is the targets; `None`: a loss was told."""
    if first.loss is not None:
        return None
    x = first.forward.arrays["x"]
    others: list[tuple[str, int]] = []
    inputs: list[tuple[str, int]] = []
    for name in first.gradient.what["names"]:
        for i, leaf in enumerate(first.gradient.arrays[f"name {name}"]):
            if leaf.ndim and leaf.shape[0] == x[0].shape[0]:
                same = any(leaf.shape == one.shape and np.array_equal(leaf, one) for one in x)
                (inputs if same else others).append((name, i))
    found = others or inputs
    if len(found) != 1:
        named = ", ".join(name for name, _ in found)
        raise NotSupported(
            "The script has a training loop of its own, and "
            + (f"several arrays may be its targets ({named})." if found
               else "no targets are found in it.")
            + " Compute its loss with a function or class of keras.losses, or pass the model and the"
            " data to unstuck.diagnose.")
    return found[0]
