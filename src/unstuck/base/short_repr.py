"""A `repr` that fits a few lines, and a table for notebooks: sizes in place of long contents."""

from __future__ import annotations

import dataclasses
import html
from collections.abc import Iterator
from typing import Any

_TEXT, _ITEMS, _LONGEST, _LINES = 60, 4, 500, 40


class Short:
    """Gives a dataclass such a `repr`, and the table. Declare the dataclass with `repr=False`.

    Fields at their default are left out; what is behind a field is told by its size: an attribute
    shows it.
    """

    def __repr__(self) -> str:
        told = [f"{name}={_short(value)}" for name, value in self._told()]
        text, left = "", len(told)
        for one in told:
            if len(text) + len(one) > _LONGEST:
                break
            text, left = f"{text}, {one}" if text else one, left - 1
        more = f", … {left} more" if left else ""
        return f"{type(self).__name__}({text}{more})"

    def _repr_html_(self) -> str:
        """What a notebook shows: a row for each field that says something."""
        rows = "".join(f"<tr><th>{name}</th><td style='text-align: left'>{_cell(value)}</td></tr>"
                       for name, value in self._told())
        return f"<table><caption>{type(self).__name__}</caption>{rows}</table>"

    def _told(self) -> Iterator[tuple[str, Any]]:
        for field in dataclasses.fields(self):  # type: ignore[arg-type]
            value = getattr(self, field.name)
            if not _is_default(field, value):
                yield field.name, value


def _cell(value: Any) -> str:
    lines = value.splitlines() if isinstance(value, str) else []
    if len(lines) < 2:
        return html.escape(_short(value))
    more = f"\n… {len(lines) - _LINES} lines more" if len(lines) > _LINES else ""
    return f"<pre>{html.escape(chr(10).join(lines[:_LINES]))}{more}</pre>"


def _is_default(field: dataclasses.Field[Any], value: Any) -> bool:
    if isinstance(value, tuple | dict | str) and not value:
        return True
    return value is None or (field.default is not dataclasses.MISSING and value is field.default)


def _short(value: Any) -> str:
    if isinstance(value, str):
        return repr(value if len(value) <= _TEXT else f"{value[: _TEXT - 1]}…")
    if isinstance(value, bool | int | float) or value is None:
        return f"{value:.6g}" if isinstance(value, float) else repr(value)
    if isinstance(value, tuple | list):
        plain = all(isinstance(item, str | int | float) for item in value)
        if plain and len(value) <= _ITEMS:
            inside = ", ".join(map(_short, value))
            return f"({inside},)" if len(value) == 1 else f"({inside})"
        return f"<{len(value)} of {type(value[0]).__name__}>"
    if isinstance(value, dict):
        return f"<{len(value)} entries>"
    shape = getattr(value, "shape", None)
    return f"<{type(value).__name__}{'' if shape is None else f' {tuple(shape)}'}>"
