"""Output against target, for real targets: as it is, and after the repair."""

from __future__ import annotations

import math
from typing import Any

from unstuck.reports.html_page.axes import usual_replica
from unstuck.reports.html_page.draw import Figure, Spec, Table, figure
from unstuck.reports.parts import words
from unstuck.result.results import Result


def scatter(result: Result) -> Figure | None:
    """Output against target for real targets: the usual training, and the repaired one."""
    pictures = result.pictures
    if pictures is None or result.goal.metric != "r2" or len(pictures.samples) < 12:
        return None
    usual = usual_replica(result)
    both = [("as it is", usual), ("after the repair", pictures.repaired)]
    values: list[dict[str, Any]] = []
    rows = []
    for name, replica in both:
        if replica is None or len(replica.outputs) != len(pictures.samples):
            continue
        for number, (sample, out) in enumerate(zip(pictures.samples, replica.outputs, strict=True)):
            if not sample.target or len(sample.target) != len(out) or len(out) > 4:
                return None
            for wanted, got in zip(sample.target, out, strict=True):
                if math.isfinite(got):
                    said = f"target {words.number(wanted)} · output {words.number(got)}"
                    values.append({"t": wanted, "o": got, "w": name, "d": said})
                rows.append((str(number + 1), name, words.number(wanted), words.number(got)))
    if not values:
        return None
    text = ("Each point is one row: what should come out, and what does. On the diagonal it is right;"
            " a flat line is one answer for everything.")  # fmt: skip
    return figure("scatter", "Output against target", text, _scatter(values, 540),
                  _scatter(values, 350),
                  Table(head=("row", "network", "target", "output"), rows=tuple(rows)))  # fmt: skip


def _scatter(values: list[dict[str, Any]], width: int) -> Spec:
    targets = [value["t"] for value in values]
    low, high = min(targets), max(targets)
    room = 0.25 * ((high - low) or 1.0)
    outs = [value["o"] for value in values]
    bottom, top = max(min([*outs, low]), low - 4 * room), min(max([*outs, high]), high + 4 * room)
    inside = [{**value, "o": min(max(value["o"], bottom), top)} for value in values]
    names = list(dict.fromkeys(value["w"] for value in values))
    style = {"as it is": ("var(--m1)", "cross"), "after the repair": ("var(--m0)", "circle")}
    axis = {"tickCount": 5, "format": "~s" if max(map(abs, targets)) >= 1e4 else "~g"}
    x, y = ({"field": field, "type": "quantitative", "title": title, "scale": {"zero": False},
             "axis": axis} for field, title in (("t", "target"), ("o", "output")))  # fmt: skip
    looks = [style[name] for name in names]
    legend = {"orient": "bottom"}
    return {"width": width, "height": 340, "margins": (66, 80), "layer": [
        {"data": {"values": [{"t": low, "o": low}, {"t": high, "o": high}]},
         "mark": {"type": "line", "strokeDash": [4, 4], "aria": False},
         "encoding": {"x": x, "y": y, "color": {"value": "var(--edge)"}}},
        {"data": {"values": inside},
         "mark": {"type": "point", "filled": True, "size": 45, "opacity": 0.85},
         "encoding": {"x": x, "y": y, "description": {"field": "d"},
                      "color": {"field": "w", "type": "nominal", "title": None, "legend": legend,
                                "scale": {"domain": names, "range": [c for c, _ in looks]}},
                      "shape": {"field": "w", "type": "nominal", "title": None, "legend": legend,
                                "scale": {"domain": names, "range": [s for _, s in looks]}}}},
    ]}  # fmt: skip
