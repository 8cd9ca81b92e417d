"""The codes of many inputs in a plane: as the script makes them, and after the repair."""

from __future__ import annotations

import math
from typing import Any

from unstuck.reports.html_page.draw import Figure, Spec, Table, figure_of_parts
from unstuck.reports.parts import words
from unstuck.result.results import CodeMap, Result
from unstuck.result.results import Table as Points

SHADES = 5
_SAME = 1e-6
"""Codes that differ by less are drawn on one spot."""


def codes(result: Result) -> Figure | None:
    """Codes as points of the plane of their two principal components, before and after."""
    given = result.code_map
    if given is None or not given.before:
        return None
    shown = {"as it is": (given.before, given.held[0])}
    if given.after:
        shown["after the repair"] = (given.after, given.held[1])
    planes = words.listed([f"{words.percent(held)} {name}" for name, (_, held) in shown.items()])
    text = (f"What {given.layer} puts out for {words.count(len(given.rows), 'input')}, each a point, in"
            " the two directions in which these codes differ most. Of all that they differ, this"
            f" shows {planes}. Colours go from one end to the other of the direction in which the"
            " inputs themselves differ most.")  # fmt: skip
    parts = {name: _plane(given, points, name) for name, (points, _) in shown.items()}
    return figure_of_parts("codes", "The code, as a map", text, parts, _table(given))


def _table(given: CodeMap) -> Table:
    head = ["input", "place among the inputs", "code as it is"]
    columns = [given.before]
    if given.after:
        head.append("code after the repair")
        columns.append(given.after)
    rows = [
        (f"row {row + 1}", words.percent(along), *(words.vector(points[i]) for points in columns))
        for i, (row, along) in enumerate(zip(given.rows, given.along, strict=True))
    ]
    return Table(head=tuple(head), rows=tuple(rows))


def _plane(given: CodeMap, points: Points, name: str) -> Spec:
    values: list[dict[str, Any]] = [
        {"x": point[0], "y": point[1], "s": min(int(SHADES * along), SHADES - 1),
         "d": f"row {row + 1}: {words.vector(point)}"}
        for row, along, point in zip(given.rows, given.along, points, strict=True)
        if all(map(math.isfinite, point))
    ]  # fmt: skip
    size = max([_SAME, *(abs(value[axis]) for value in values for axis in ("x", "y"))])
    # One scale for both directions: a code on a line then looks like a line.
    axis: Spec = {"type": "quantitative", "scale": {"domain": [-1.08 * size, 1.08 * size],
                                                    "nice": False},
                  "axis": {"tickCount": 4, "format": "~r", "grid": True}}  # fmt: skip
    steps = list(range(SHADES))
    return {
        "width": 350, "height": 350, "margins": (62, 62), "data": {"values": values},
        "title": {"text": name, "fontSize": 13, "anchor": "start", "color": "var(--ink)"},
        "mark": {"type": "point", "filled": True, "size": 34, "opacity": 0.8},
        "encoding": {
            "x": {**axis, "field": "x", "title": "first direction"},
            "y": {**axis, "field": "y", "title": "second direction"},
            "description": {"field": "d"},
            "color": {"field": "s", "type": "ordinal", "legend": None, "scale": {
                "domain": steps, "range": [f"var(--c{i})" for i in steps]}},
        },
    }  # fmt: skip
