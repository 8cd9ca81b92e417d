"""The names that hold rows in a script: those of `fit`, and those that are asked about later."""

from __future__ import annotations

import re
from dataclasses import dataclass

from unstuck.network.recipe import Recipe
from unstuck.script import Call, Script

from ._batched import rows_behind
from ._source import pair_of_names

_READ = re.compile(r"\.(?:predict|evaluate|predict_on_batch|test_on_batch)\(\s*([^\s,()\[]+)")


@dataclass(frozen=True, kw_only=True)
class RowsRead:
    """All names of inputs, those of `fit` first.

    What changes the rows may stand before the statement of `first` for the names `held`, which have
    their values there; for the names `later` before that of `fit`.
    """

    names: tuple[str, ...]
    first: Call
    held: tuple[str, ...]
    later: tuple[str, ...]


def rows_read(script: Script, before: Recipe, fit: Call) -> RowsRead | None:
    """The names whose rows would have to be changed together; `None` where not all are in sight.

    `first` is the first layer's call from which on the rows of `fit` are what `fit` gets, so that what
    is worked out from them for a layer is worked out from the changed ones; else `fit`.
    """
    if fit.has_hidden_arguments or fit.in_loop_or_comprehension or fit.in_function:
        return None
    given, held = fit.argument("x", 0), fit.argument("validation_data", 7)
    x = before.named.get("x") if before.taped else given.code if given is not None else None
    if x is None or not x.isidentifier():
        return None
    names = [x]
    if held is not None and held.code != "None":
        pair = pair_of_names(held.code)
        if pair is None:
            return None
        names.append(pair[0])
    names = list(dict.fromkeys([*names, *read_later(script)]))
    if not all(name.isidentifier() and script.holds(name, at=fit.span, until=fit.span)
               for name in names):
        return None
    calls = _making_layers(script, before)
    if before.taped and (cut := rows_behind(script, before, fit)) is not None:
        calls = sorted([*calls, cut], key=lambda call: call.start)
    first = next((call for call in calls if script.holds(x, at=call.span, until=fit.span)), fit)
    ready = tuple(name for name in names
                  if script.holds(name, at=first.span, until=fit.span))
    return RowsRead(names=tuple(names), first=first, held=ready,
                    later=tuple(name for name in names if name not in ready))


def read_later(script: Script) -> list[str]:
    """What a network is asked about, by `predict` and its like, as it is written."""
    return _READ.findall(script.text)


def _making_layers(script: Script, before: Recipe) -> list[Call]:
    """The calls at module level that make layers, in the order of the source."""
    spans = {span for site, span in before.sites.items() if site.startswith("layer:")}
    calls = [script.call(span) for span in sorted(spans, key=lambda span: (span.line, span.column))]
    return [call for call in calls if call is not None and call.at_module_level]
