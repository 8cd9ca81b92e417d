"""What the loss of a hand-written loop may be: one that it called, one of Keras's, or its own block."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from unstuck.network.loops import Block

from .events import Event

STANDARD: tuple[tuple[str, dict[str, Any]], ...] = (
    ("MeanSquaredError", {}), ("MeanAbsoluteError", {}), ("BinaryCrossentropy", {}),
    ("BinaryCrossentropy", {"from_logits": True}), ("CategoricalCrossentropy", {}),
    ("CategoricalCrossentropy", {"from_logits": True}), ("SparseCategoricalCrossentropy", {}),
    ("SparseCategoricalCrossentropy", {"from_logits": True}), ("Huber", {}), ("LogCosh", {}),
    ("KLDivergence", {}), ("Poisson", {}), ("Hinge", {}), ("SquaredHinge", {}),
)
"""Losses that people write out; which one it is shows by its values."""
REDUCTIONS = ("sum_over_batch_size", "sum")


@dataclass(frozen=True, kw_only=True, eq=False)
class Reading:
    """What a loop may minimise: a loss of targets and outputs, or its block as it stands.

    `regularised`: what regularisers and `add_loss` say is part of it.
    """

    loss: Any
    regularised: bool = True
    block: Block | None = None


def readings(
    steps: Sequence[tuple[Event | None, Event, Event]], targets: tuple[str, int] | None
) -> Iterator[Reading]:
    """Losses that give the user's values on the first updates, likelier ones first.

    Args:
        steps: of each of the first updates, the loss that was called, the forward pass, the gradient.
        targets: the name in the block, and the array of it, that is the targets.
    """
    modes = (False, True) if steps[0][1].arrays["added"] else (True,)
    called = steps[0][0]
    if called is not None and isinstance(called.thing, keras.losses.Loss):
        yield from _read(_fresh(called.thing), modes)
    for loss in _standard(steps, targets):
        yield from _read(loss, modes)
    if called is not None and not isinstance(called.thing, keras.losses.Loss):
        yield from _read(called.thing, modes)
    own = block_loss(steps[0][1], steps[0][2], targets)
    if own is not None:
        yield from _read(own, modes)


def _read(loss: Any, modes: Sequence[bool]) -> Iterator[Reading]:
    return (Reading(loss=loss, regularised=mode) for mode in modes)


def _fresh(loss: Any) -> Any:
    try:
        return type(loss).from_config(loss.get_config())
    except Exception:  # a user's class without a configuration is used as it is
        return loss


def _standard(
    steps: Sequence[tuple[Event | None, Event, Event]], targets: tuple[str, int] | None
) -> Iterator[Any]:
    """Those of Keras's losses whose value is the user's on some of the first updates."""
    some = [steps[i] for i in sorted({0, len(steps) // 2, len(steps) - 1})]
    return (loss for loss in all_standard() if all(_gives(loss, step, targets) for step in some))


def all_standard() -> Iterator[Any]:
    """Keras's losses, each with every reduction."""
    for name, arguments in STANDARD:
        for reduction in REDUCTIONS:
            yield getattr(keras.losses, name)(**arguments, reduction=reduction)


def is_standard(forward: Event, gradient: Event, targets: tuple[str, int]) -> bool:
    """True where what is minimised is one of Keras's losses of targets and a forward pass."""
    return any(_gives(loss, (None, forward, gradient), targets) for loss in all_standard())


def _gives(
    loss: Any, step: tuple[Event | None, Event, Event], targets: tuple[str, int] | None
) -> bool:
    called, forward, gradient = step
    if called is not None:
        y = called.arrays["y"][0]
    elif targets is not None:
        y = gradient.arrays[f"name {targets[0]}"][targets[1]]
    else:
        return False
    value = float(sum(np.sum(np.asarray(one)) for one in gradient.arrays["value"]))
    added = float(sum(np.sum(np.asarray(one)) for one in forward.arrays.get("added", [])))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of shapes that another loss would want
            mine = float(loss(np.asarray(y), np.asarray(forward.arrays["out"][0])))
    except Exception:  # it does not take such targets
        return False
    return any(np.isclose(mine + more, value, rtol=1e-4, atol=1e-7) for more in (0.0, added))


def block_loss(forward: Event, gradient: Event, targets: tuple[str, int] | None) -> Any:
    """The block of the tape as a loss of targets and outputs; `None` where it cannot be one."""
    run = gradient.thing
    model = next((name for name, value in run.names.items() if value is forward.thing), None)
    places = gradient.what["places"]
    if model is None or targets is None or not places:
        return None
    name, index = targets

    def own_loss(y_true: Any, y_pred: Any) -> Any:
        """The loss that the script's loop computes."""
        answering = _Answering(forward.thing, y_pred)
        return run.with_names({model: answering}, {(name, index): y_true}).total(places)

    return own_loss


class _Answering:
    """Stands for a model whose outputs are known."""

    def __init__(self, model: Any, outputs: Any) -> None:
        self._model, self._outputs = model, outputs

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._outputs

    def __getattr__(self, name: str) -> Any:
        return [] if name == "losses" else getattr(self._model, name)
