"""Rows that come to `fit` in batches: the arrays that they are cut from, and `fit` given these."""

from __future__ import annotations

from unstuck.network.recipe import Recipe
from unstuck.script import Call, Edit, Script

from ._source import Edits, method_call

_STEPS = "steps_per_epoch"


def rows_behind(script: Script, before: Recipe, fit: Call) -> Call | None:
    """The call before which lines may change the arrays that batches are cut from; `None` if unknown.

    It is the first that is given one of them as `fit` gets it; a generator reads them when `fit` asks.
    """
    if not before.named or fit.in_function or fit.in_loop_or_comprehension:
        return None
    read = [*before.named.values()]
    return script.first_reading(read, until=fit.span) or fit


def given_whole(script: Script, before: Recipe, after: Recipe) -> Edits | None:
    """`fit(x, y, batch_size=…)` in place of a source of batches that does nothing but cut arrays.

    `None` where the arrays have no names, or the source is a function's own.
    """
    fit = method_call(script, before, "fit")
    source = None if fit is None else fit.argument("x", 0)
    if fit is None or source is None or source.keyword or not before.named or (
            fit.has_hidden_arguments or before.epochs_in_rows > 1):
        return None
    x, y = before.named["x"], before.named["y"]
    if not all(script.holds(name, at=fit.span, until=fit.span) for name in (x, y)):
        return None
    edits: Edits = (Edit(start=source.start, end=source.end, replacement=f"{x}, {y}"),)
    size, steps = f"batch_size={after.batch_size}", fit.argument(_STEPS)
    if steps is not None and steps.keyword:
        begin = script.text.encode().rfind(_STEPS.encode(), 0, steps.start)
        edits += (Edit(start=begin, end=steps.end, replacement=size),)
    elif fit.argument("batch_size") is not None or fit.argument("y", 1) is not None:
        return None
    else:
        edits += fit.set_argument("batch_size", str(after.batch_size)) or ()
    if not after.shuffle:
        edits += fit.set_argument("shuffle", "False") or ()
    return edits
