"""The sets of changes that were tried: a column for each, its changes as dots, its rate as a bar."""

from __future__ import annotations

import json
from typing import Any

from unstuck.reports.html_page.axes import label_room, shortened
from unstuck.reports.html_page.draw import Figure, Spec, Table, figure
from unstuck.reports.parts import words
from unstuck.result.pictures import TriedSet, TriedSets
from unstuck.result.results import Result

NOTHING = "the script as it is"
_KINDS = {"repair": "var(--learned)", "smallest": "var(--company)", "enough": "var(--helps)",
          "short": "var(--muted)"}  # fmt: skip
_BARS, _ROW = 5.2, 26
"""Height of the bars, in rows of changes; height of such a row, in pixels."""
_NARROW = 6
"""Columns in a narrow window."""


def sets(result: Result) -> Figure | None:
    """Which sets of changes were tried, and which of them are enough."""
    given = None if result.pictures is None else result.pictures.sets
    if given is None or not given.sets:
        return None
    share = words.percent(given.enough)
    text = (f"Each column is one set of changes, tried on the same seeds: its dots say which, its bar"
            f" how many of a hundred trainings learned, with the interval. Enough is {share} and more;"
            " a set is a smallest one if no part of it that was tried is enough.")  # fmt: skip
    if given.tried > len(given.sets):
        text += f" Of {words.count(given.tried, 'set')} tried, those that tell most."
    rows = [
        (" + ".join(one.changes) or NOTHING, words.count(len(one.changes)),
         words.rate(one.successes, one.replicas, one.ci95), _said(one))
        for one in given.sets
    ]  # fmt: skip
    return figure("sets", "Which changes are enough together", text, _sets(given, 1080),
                  _sets(_fewer(given), 350), Table(
                      head=("changes", "how many", "learned", "enough"), rows=tuple(rows)))


def _said(one: TriedSet) -> str:
    if one.repair is not None:
        return f"repair {one.repair}"
    if not one.enough:
        return "no"
    return "yes, a smallest set" if one.smallest else "yes"


def kinds(result: Result) -> frozenset[str]:
    """What the columns of the chart are: "repair", "smallest", "enough" and "short"."""
    given = None if result.pictures is None else result.pictures.sets
    return frozenset() if given is None else frozenset(map(_kind, given.sets))


def _kind(one: TriedSet) -> str:
    if one.repair is not None:
        return "repair"
    return "smallest" if one.smallest else "enough" if one.enough else "short"


def _fewer(given: TriedSets) -> TriedSets:
    """What fits into a narrow window: the script, the best set with its parts, the best others."""
    whole = [one for one in given.sets if _kind(one) in ("repair", "smallest")] or given.sets[-1:]
    best = min(whole, key=lambda one: (one.repair or len(given.sets), -one.success_rate))
    near = [one for one in given.sets if set(one.changes) <= set(best.changes)]
    kept = [*near[:1], *near[1:][-5:]]
    rest = sorted((one for one in given.sets if one not in kept),
                  key=lambda one: (_kind(one) == "short", len(one.changes), -one.success_rate))
    kept += rest[: _NARROW - len(kept)]
    return TriedSets(enough=given.enough, tried=given.tried,
                     sets=tuple(one for one in given.sets if one in kept))  # fmt: skip


def _sets(given: TriedSets, width: int) -> Spec:
    narrow = width < 500
    changes = list(dict.fromkeys(change for one in given.sets for change in one.changes))
    room = 24 if narrow else 48
    names = [shortened(change, room) for change in changes]
    bars, dots, blanks, links = [], [], [], []
    for place, one in enumerate(given.sets):
        label = " + ".join(one.changes) or NOTHING
        said = (f"{label}: {words.rate(one.successes, one.replicas, one.ci95)}"
                f" · enough: {_said(one)}")  # fmt: skip
        bars.append({
            "x": place, "k": _kind(one), "d": said, "top": _BARS * one.success_rate, "zero": 0,
            "low": _BARS * one.ci95[0], "high": _BARS * one.ci95[1],
            "t": words.percent(one.success_rate).replace(words.NBSP, "").removesuffix("%"),
        })  # fmt: skip
        own = [-1 - changes.index(change) for change in one.changes]
        dots += [{"x": place, "y": at, "k": _kind(one), "d": said} for at in own]
        blanks += [{"x": place, "y": at} for at in range(-len(changes), 0) if at not in own]
        if len(own) > 1:
            links.append({"x": place, "y": min(own), "y2": max(own), "k": _kind(one)})
    labels: dict[str, str] = {str(-1 - row): name for row, name in enumerate(names)}
    labels |= {"0": "0 %", str(_BARS / 2): "50 %", str(_BARS): "100 %"}
    x = {"field": "x", "type": "quantitative", "axis": None,
         "scale": {"domain": [-0.6, len(given.sets) - 0.4], "nice": False, "zero": False}}  # fmt: skip
    y: Spec = {
        "type": "quantitative",
        "scale": {"domain": [-0.6 - len(changes), _BARS + 0.7], "nice": False, "zero": False},
        "axis": {"values": [float(at) for at in labels], "grid": False, "ticks": False,
                 "title": None, "domain": False, "labelColor": "var(--ink)",
                 "labelFontSize": 11 if narrow else 12, "labelOverlap": False,
                 "labelExpr": f"{json.dumps(labels)}[toString(datum.value)]"},
    }  # fmt: skip
    color = {"field": "k", "type": "nominal", "legend": None, "scale": {
        "domain": list(_KINDS), "range": list(_KINDS.values())}}  # fmt: skip
    bar = min(34.0, 0.55 * (width - (150 if narrow else 300)) / len(given.sets))
    point = {"type": "point", "filled": True, "size": 80 if narrow else 130, "opacity": 1,
             "shape": "circle"}  # fmt: skip
    level = {"data": {"values": [{"y": _BARS * given.enough}]}}
    tip = {"description": {"field": "d"}}
    layers: list[dict[str, Any]] = [
        {**level, "mark": {"type": "rule", "strokeDash": [4, 4], "aria": False},
         "encoding": {"y": {**y, "field": "y"}, "color": {"value": "var(--edge)"}}},
        {"data": {"values": bars}, "mark": {"type": "bar", "width": bar, "cornerRadiusEnd": 2},
         "encoding": {"x": x, "y": {**y, "field": "top"}, "y2": {"field": "zero"}, "color": color,
                      **tip}},
        {"data": {"values": bars}, "mark": {"type": "rule", "aria": False, "strokeWidth": 1.5},
         "encoding": {"x": x, "y": {**y, "field": "low"}, "y2": {"field": "high"},
                      "color": {"value": "var(--ink)"}}},
        {"data": {"values": bars},
         "mark": {"type": "text", "dy": -9, "aria": False, "fontSize": 11 if narrow else 12},
         "encoding": {"x": x, "y": {**y, "field": "high"}, "text": {"field": "t"}}},
        {"data": {"values": blanks}, "mark": {**point, "aria": False},
         "encoding": {"x": x, "y": {**y, "field": "y"}, "color": {"value": "var(--line)"}}},
        {"data": {"values": links}, "mark": {"type": "rule", "strokeWidth": 3, "aria": False},
         "encoding": {"x": x, "y": {**y, "field": "y"}, "y2": {"field": "y2"}, "color": color}},
        {"data": {"values": dots}, "mark": point,
         "encoding": {"x": x, "y": {**y, "field": "y"}, "color": color, **tip}},
    ]  # fmt: skip
    height = int(_ROW * (len(changes) + _BARS + 1.3))
    return {"width": width, "height": height, "layer": layers,
            "margins": (label_room(names, 11 if narrow else 12), 8)}  # fmt: skip
