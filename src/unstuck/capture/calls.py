"""Which call of the user's file made a thing, and which calls of `fit` the file holds.

The first is found while the script runs, from the frames on the stack; the second in the source.
"""

from __future__ import annotations

import ast
import itertools
import sys
import weakref
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from types import CodeType, FrameType
from typing import Any

import keras

from unstuck.network import adapter
from unstuck.script import Script, Span

_FIT_ARGUMENTS = frozenset(
    {
        "epochs", "batch_size", "verbose", "callbacks", "validation_split", "validation_data",
        "shuffle", "class_weight", "steps_per_epoch", "initial_epoch", "validation_steps",
        "validation_batch_size", "validation_freq",
    }
)
_LONGEST = 100
_THROUGH = {"apply": "apply_gradients"}
"""Methods that are mostly called by another one of the same object's."""


def one_line(text: str) -> str:
    """Source text on one line, cut to about a hundred characters."""
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def span_of(frame: FrameType) -> Span | None:
    """Where the call stands that a frame is carrying out; `None` without positions."""
    return _span_at(frame.f_code, frame.f_lasti)


def _span_at(code: CodeType, instruction: int) -> Span | None:
    positions = next(itertools.islice(code.co_positions(), instruction // 2, None), None)
    if positions is None:
        return None
    line, end_line, column, end_column = positions
    if line is None or end_line is None or column is None or end_column is None:
        return None
    return Span(line, column, end_line, end_column)


def caller(thing: Any, method: str) -> FrameType | None:
    """The frame that called `thing.method` from outside: neither Keras's nor an override's.

    Call it from the patched method. `__new__` counts as called by whoever wrote the constructor's
    call, `keras.Input` as standing for the layer it makes.
    """
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        code = frame.f_code
        ours = frame.f_globals.get("__name__", "").startswith(__package__)
        inside = code.co_name in (method, _THROUGH.get(method)) and (
            method == "__new__" or _first(frame) is thing)
        if not (ours or inside or adapter.is_input_function(code)):
            return frame
        frame = frame.f_back
    return None


def frames_of(frame: FrameType | None, filename: str) -> tuple[FrameType, ...]:
    """The frames of one file on the stack, from `frame` outward."""
    found = []
    while frame is not None:
        if frame.f_code.co_filename == filename:
            found.append(frame)
        frame = frame.f_back
    return tuple(found)


def _first(frame: FrameType) -> Any:
    code = frame.f_code
    return frame.f_locals.get(code.co_varnames[0]) if code.co_argcount else None


class Sites:
    """Notes for each layer, loss and optimizer the call in the user's file that made it."""

    def __init__(self, filename: str) -> None:
        self._filename = filename
        self._made: dict[int, tuple[weakref.ref[Any], Span]] = {}

    def note(self, thing: Any, method: str) -> Span | None:
        """Note who is calling `thing.method`; `None` where it is not the user's file directly."""
        frame = caller(thing, method)
        if frame is None or frame.f_code.co_filename != self._filename:
            return None
        span = span_of(frame)
        if span is not None:
            self._made[id(thing)] = weakref.ref(thing), span
        return span

    def of(self, thing: Any) -> Span | None:
        """The call noted for a thing."""
        kept = self._made.get(id(thing))
        return kept[1] if kept is not None and kept[0]() is thing else None

    def of_layers(self, model: keras.Model) -> tuple[dict[str, Span], tuple[str, ...]]:
        """The calls that made the layers of a model, by "layer:NAME", and notes on shared ones.

        A call that made several layers of one model stands in a loop or in a function: changing it
        changes them all, so that layers with the same site can only be changed alike.
        """
        layers = {layer.name: layer for layer in [*adapter.flat_layers(model), *model.layers]}
        if isinstance(model, keras.Sequential):
            layers |= {layer.name: layer for layer in model._layers}
        spans = {name: span for name, layer in layers.items() if (span := self.of(layer))}
        times = Counter(spans.values())
        told = []
        for shared in sorted(span for span, count in times.items() if count > 1):
            names = [name for name, span in spans.items() if span == shared]
            some = ", ".join(names) if len(names) < 5 else f"{names[0]} to {names[-1]}"
            told.append(f"{some} by that in line {shared.line}")
        notes = (f"One call makes several layers, in a loop or in a function: {'; '.join(told)}."
                 " A change to all layers of a call can be written, one to some is only tried.",)
        return {f"layer:{name}": span for name, span in spans.items()}, notes if told else ()


@dataclass(frozen=True, kw_only=True)
class FitCall:
    """A call of `fit`: where it ends in the file, and its text on one line."""

    line: int
    end: tuple[int, int]
    text: str
    receiver: str
    is_keras: bool

    def __str__(self) -> str:
        return f"line {self.line}: {self.text}"


def fit_calls(script: Script) -> tuple[FitCall, ...]:
    """Every `.fit(…)` in a source, in order; scikit-learn's are told apart by their arguments."""
    source = script.text
    module = ast.parse(source)
    found = []
    for node in ast.walk(module):
        match node:
            case ast.Call(func=ast.Attribute(value=receiver, attr="fit"), keywords=keywords):
                found.append(
                    FitCall(
                        line=node.lineno,
                        end=(node.end_lineno or 0, node.end_col_offset or 0),
                        text=one_line(ast.get_source_segment(source, node) or ""),
                        receiver=ast.unparse(receiver),
                        is_keras=any(word.arg in _FIT_ARGUMENTS for word in keywords),
                    )
                )
    return tuple(sorted(found, key=lambda call: call.end))


def others_by_syntax(
    calls: Iterable[FitCall], reached: Iterable[Span], *,
    joined: frozenset[tuple[int, int]] = frozenset(),
) -> tuple[FitCall, ...]:
    """The calls of Keras's `fit` that were not reached: by their arguments, or by their model.

    Those that end at one of `joined` are part of the one that was taken, and left out.
    """
    calls, ends = tuple(calls), {(span.end_line, span.end_column) for span in reached}
    models = {call.receiver for call in calls if call.end in ends}
    return tuple(
        call
        for call in calls
        if call.end not in ends | joined and (call.is_keras or call.receiver in models)
    )
