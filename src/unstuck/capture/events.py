"""What happens in a training loop of the user's own: forward passes, losses, gradients, updates.

Whoever stands in Keras's and TensorFlow's places while a script runs notes what is called; one
listener is told. What belongs together is known by identity: a loss is one of a forward pass if it was
given what that put out. Within what is compiled (`tf.function`) there are no numbers yet: the notes are
kept (`pending`) and told at each call, with that call's numbers.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol

import keras

from unstuck.network import adapter
from unstuck.network.drawing import outside

Kind = Literal["forward", "loss", "gradient", "update"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Event:
    """One thing that happened.

    `what` is what is the same at every call: the model, loss or optimizer (`thing`), the variables, how
    it hangs together with the events before it. `arrays` are the numbers, each a list of arrays.
    `objects` are arrays by which a loss knows its forward pass; they are not kept.
    """

    kind: Kind
    thing: Any
    what: Mapping[str, Any] = field(default_factory=dict)
    arrays: Mapping[str, list[Any]] = field(default_factory=dict)
    objects: Sequence[Any] = ()

    def with_arrays(self, arrays: Mapping[str, list[Any]]) -> Event:
        """The same with numbers."""
        return replace(self, arrays=arrays, objects=())


class Listener(Protocol):
    """Is told of events, one after the other."""

    recent: list[Event]
    """Those since the last update, which later ones may refer to."""

    def tell(self, event: Event) -> None:
        """Take one."""


class _State(threading.local):
    def __init__(self) -> None:
        self.quiet = 0
        self.pending: list[list[Event]] = []
        self.tapes = 0
        self.blocks: list[Any] = []
        self.listener: Listener | None = None


_state = _State()


@contextlib.contextmanager
def told_to(listener: Listener) -> Iterator[None]:
    """While open, what happens in this thread is told to a listener."""
    before, _state.listener = _state.listener, listener
    try:
        yield
    finally:
        _state.listener = before


@contextlib.contextmanager
def unnoticed() -> Iterator[None]:
    """While open, nothing is noted: it is a block run again, or what Keras does by itself."""
    _state.quiet += 1
    try:
        yield
    finally:
        _state.quiet -= 1


@contextlib.contextmanager
def within(block: Any) -> Iterator[None]:
    """While open, forward passes belong to a block of which a gradient may be taken."""
    _state.blocks.append(block)
    try:
        yield
    finally:
        _state.blocks.pop()


def is_noticed() -> bool:
    """True where somebody is told of what happens."""
    return _state.listener is not None and not _state.quiet


def is_quiet() -> bool:
    """True while a block is run again."""
    return _state.quiet > 0


@contextlib.contextmanager
def pending() -> Iterator[list[Event]]:
    """Gives what is noted meanwhile, in place of telling it."""
    _state.pending.append([])
    try:
        yield _state.pending[-1]
    finally:
        _state.pending.pop()


def tapes_opened() -> int:
    """How many tapes were opened so far."""
    return _state.tapes


def opened_tape() -> None:
    """A tape was opened."""
    _state.tapes += 1


def tell(event: Event) -> None:
    """Tell the listener, or keep it until there are numbers."""
    if not is_noticed():
        return
    if _state.pending:
        _state.pending[-1].append(event)
    elif _state.listener is not None:
        _state.listener.tell(event)


def _recent() -> list[Event]:
    if _state.pending:
        return _state.pending[-1]
    return [] if _state.listener is None else _state.listener.recent


def _origin(leaf: Any) -> int | None:
    """How many events ago an array came out of a forward pass; `None` for never."""
    for back, event in enumerate(reversed(_recent()), 1):
        if any(leaf is one for one in event.objects):
            return back
    return None


def leaves_of(tree: Any) -> list[Any]:
    """The arrays of a tree."""
    return [leaf for leaf in keras.tree.flatten(tree) if hasattr(leaf, "shape")]


def loss_itself(loss: Any) -> Any:
    """A function of `keras.losses` that a script was handed, as Keras knows it."""
    return getattr(loss, "unstuck_original", loss)


def forward(model: Any, inputs: Any, training: Any, outputs: Any) -> None:
    """A model was called."""
    if is_noticed():
        found = leaves_of(outputs)
        tell(Event(kind="forward", thing=model,
                   what={"training": training, "blocks": tuple(_state.blocks)},
                   arrays={"x": leaves_of(inputs), "out": found,
                           "added": leaves_of(model.losses)}, objects=found))


def loss(thing: Any, y_true: Any, y_pred: Any, sample_weight: Any) -> None:
    """A loss was computed."""
    if is_noticed():
        outputs = leaves_of(y_pred)
        tell(Event(kind="loss", thing=thing,
                   what={"of": _origin(outputs[0]) if outputs else None},
                   arrays={"y": leaves_of(y_true), "weight": leaves_of(sample_weight)}))


def gradient(
    target: Any, names: Mapping[str, Any], run: Any, places: Sequence[Any], block: Any = None
) -> None:
    """A gradient was taken, of a block whose names stood for what is given; its targets are marked.

    Args:
        block: what stood for the block while its forward passes were noted; by default `run`.
    """
    if is_noticed():
        tell(Event(
            kind="gradient", thing=run,
            what={"names": list(names), "places": list(places),
                  "block": run if block is None else block},
            arrays={"value": leaves_of(target), "seeds": _seeds_before(run),
                    **{f"name {name}": leaves_of(value) for name, value in names.items()}}))


def _seeds_before(run: Any) -> list[Any]:
    """What the generator of draws outside of layers held before a block; nothing where it drew none."""
    held = run.before.get(id(outside().state))
    return [] if held is None else [held[1]]


def update(optimizer: Any, gradients: Sequence[Any], variables: Sequence[Any]) -> None:
    """An optimizer is about to change variables."""
    if is_noticed():
        tell(Event(
            kind="update", thing=optimizer,
            what={"variables": list(variables),
                  "none": [one is None for one in gradients]},
            arrays={} if adapter.schedule_of(optimizer) is not None else {
                "rate": [optimizer.learning_rate.value]}))
