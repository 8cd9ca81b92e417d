"""The page of a comparison: both populations over one axis, and the differences of the pairs."""

from __future__ import annotations

import math
from typing import Any

from unstuck.reports.parts import standings as told
from unstuck.reports.parts import words
from unstuck.result.comparisons import Comparison

from .draw import Figure, Spec, Table, figure
from .drawer import ahead
from .page import standalone


def page(found: Comparison) -> str:
    """One HTML file that asks nobody for anything."""
    with ahead():
        charts = [chart for chart in (_populations(found), _differences(found)) if chart is not None]
    rows = [(letter, side.name, words.rate(side.successes, side.replicas, side.ci95),
             words.number(side.score), words.number(side.loss))
            for letter, side in (("A", found.a), ("B", found.b))]
    standings = [(one.metric, one.verdict, told.difference(one)) for one in found.standings]
    if found.placebo is not None:
        standings.append(("placebo", found.placebo.verdict, told.difference(found.placebo)))
    return standalone("comparison.html", c=found, sentence=told.sentence(found), rows=rows,
                      standings=standings, charts=charts)  # fmt: skip


def _populations(found: Comparison) -> Figure | None:
    sides = [("A", found.a), ("B", found.b)]
    values = [{"side": f"{letter}: {side.name}", "loss": loss}
              for letter, side in sides for loss in side.losses if math.isfinite(loss)]
    if not values:
        return None
    rows = tuple((str(number + 1), words.number(one), words.number(other)) for number, (one, other)
                 in enumerate(zip(found.a.losses, found.b.losses, strict=True)))  # fmt: skip
    return figure(
        "populations", "How they end", "Each line is the final loss of one training.",
        _ticks(values, "loss", "final loss", 540), _ticks(values, "loss", "final loss", 350),
        Table(head=("seed", "A", "B"), rows=rows))  # fmt: skip


def _differences(found: Comparison) -> Figure | None:
    pairs = list(zip(found.a.scores, found.b.scores, strict=True))
    values = [{"side": "B − A", "d": b - a} for a, b in pairs if math.isfinite(b - a)]
    if not values:
        return None
    rows = tuple((str(number + 1), words.number(a), words.number(b), words.number(b - a))
                 for number, (a, b) in enumerate(pairs))  # fmt: skip
    title = f"{found.score_is}, B minus A"
    return figure(
        "differences", "What the pairs differ in", "Each line is one seed; right of 0, B is better.",
        _ticks(values, "d", title, 540), _ticks(values, "d", title, 350),
        Table(head=("seed", "A", "B", "B − A"), rows=rows))  # fmt: skip


def _ticks(values: list[dict[str, Any]], field: str, title: str, width: int) -> Spec:
    return {
        "width": width, "height": 120, "margins": (150, 50), "data": {"values": values},
        "mark": {"type": "tick", "opacity": 0.5, "thickness": 1.5, "color": "var(--m1)"},
        "encoding": {
            "x": {"field": field, "type": "quantitative", "title": title, "scale": {"zero": False}},
            "y": {"field": "side", "type": "nominal", "title": None},
        },
    }  # fmt: skip
