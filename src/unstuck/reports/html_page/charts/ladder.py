"""Where the trainings end: every final loss as a dot over the floor, the rungs, a constant output."""

from __future__ import annotations

import math
from typing import Any

from unstuck.reports.html_page.axes import MODES, Scale, mode_class
from unstuck.reports.html_page.draw import Figure, Spec, Table, figure
from unstuck.reports.parts import words
from unstuck.reports.parts.ladder import here
from unstuck.result.results import Result

_TALLEST = 32
"""Dots of a column that are never pressed together."""


def ladder(result: Result) -> Figure | None:
    """Every replica's final loss as a dot, over the floor, the rungs and the constant output."""
    pictures, goal = result.pictures, result.goal
    if pictures is None or not pictures.final_losses:
        return None
    losses = pictures.final_losses
    own = result.own_run.loss if result.own_run is not None else None
    scale = Scale(losses, (goal.floor, goal.baseline, own))
    lost = sum(not math.isfinite(loss) for loss in losses)
    text = (f"Each dot is one of {words.count(len(losses), 'training')}: its final loss. "
            + _marks_in_words(result))  # fmt: skip
    if lost:
        text += (f" {words.of(lost, len(losses))} ended infinite or as no number: the crosses at the"
                 " end.")  # fmt: skip
    rows = [
        (words.number(mode.loss),
         words.of(words.mode_count(mode, result), result.population.replicas),
         "yes" if mode.learned else "no", mode.reading)
        for mode in result.population.modes
    ]  # fmt: skip
    table = Table(head=("loss (median)", "trainings", "learned", "what comes out"),
                  rows=tuple(rows))  # fmt: skip
    return figure("ladder", "Where the trainings end", text, _ladder(result, scale, 1080),
                  _ladder(result, scale, 350), table)  # fmt: skip


def _marks_in_words(result: Result) -> str:
    goal, said = result.goal, []
    if goal.floor is not None:
        said.append(f"floor of this data {words.number(goal.floor)}")
    if goal.baseline is not None:
        said.append(f"a constant output {words.number(goal.baseline)}")
    mark = here(result)
    if mark is not None and result.own_run is not None:
        said.append(f"your own run {words.number(mark.loss)}")
    return f"Marked: {', '.join(said)}." if said else ""


def _ladder(result: Result, scale: Scale, width: int) -> Spec:
    pictures, modes = result.pictures, result.population.modes
    assert pictures is not None
    bins = max(width // 7, 40)
    beyond = any(not math.isfinite(loss) for loss in pictures.final_losses)
    columns: dict[int, list[dict[str, Any]]] = {}
    for loss, mode, seed in zip(pictures.final_losses, pictures.final_modes, pictures.seeds,
                                strict=True):  # fmt: skip
        finite = math.isfinite(loss)
        slot = round(scale.share(loss) * bins) if finite else bins + 9
        columns.setdefault(slot, []).append({
            "x": scale.clamped(loss) if finite else scale.beyond, "m": mode_class(mode, result),
            "f": finite,
            "d": f"seed {seed} · loss {words.number(loss)} · {modes[mode].reading}"})  # fmt: skip
    heights = sorted(map(len, columns.values())) or [1]
    tallest = max(heights[int(0.98 * (len(heights) - 1))], min(heights[-1], _TALLEST))
    dots, counts = [], []
    for column in columns.values():
        # A column that is too tall is pressed together, with its count above it.
        press = min(1.0, tallest / len(column))
        for rank, dot in enumerate(column, 1):
            dots.append({**dot, "y": rank * press})
        if press < 1:
            counts.append({"x": column[0]["x"], "y": tallest, "t": words.count(len(column))})
    area = 180 if width > 500 else 150
    size = max(4.0, min(8.0, area / tallest * 1.1))
    x = {"field": "x", "type": "quantitative", "scale": scale.spec(beyond=beyond),
         "title": "final loss" + (", logarithmic" if scale.log else ""),
         "axis": {"grid": False, "tickCount": 8 if width > 500 else 4, "labelOverlap": True,
                  "format": "~g"}}  # fmt: skip
    y = {"field": "y", "type": "quantitative", "axis": None,
         "scale": {"domain": [0, max(tallest, area / 8) * 1.14]}}  # fmt: skip
    rungs = _rung_marks(result, scale, width, beyond=beyond)
    layers: list[Spec] = [
        {"data": {"values": rungs}, "mark": {"type": "rule", "strokeWidth": 1.5, "aria": True},
         "encoding": {"x": x, "strokeDash": {"field": "kind", "type": "nominal", "legend": None,
                      "scale": {"domain": ["end", "rung", "own"],
                                "range": [[1, 0], [3, 3], [6, 2]]}},
                      "color": {"value": "var(--edge)"}, "description": {"field": "d"}}},
        {"data": {"values": dots},
         "mark": {"type": "point", "filled": True, "size": size * size, "opacity": 0.9},
         "encoding": {"x": x, "y": y, "description": {"field": "d"},
                      "shape": {"field": "f", "type": "nominal", "legend": None, "scale": {
                          "domain": [True, False], "range": ["circle", "cross"]}},
                      "color": {"field": "m", "type": "ordinal", "legend": None,
                                "scale": {"domain": list(range(MODES)),
                                          "range": [f"var(--m{i})" for i in range(MODES)]}}}},
        *({"data": {"values": [r for r in rungs if r["row"] == row and r["kind"] != "own"]},
           "mark": {"type": "text", "y": -6 - 15 * row, "baseline": "bottom", "fontSize": 12},
           "encoding": {"x": x, "text": {"field": "label"}, "description": {"field": "d"},
                        "color": {"value": "var(--muted)"}}}
          for row in (0, 1)),
        {"data": {"values": [r for r in rungs if r["kind"] == "own"]},
         "mark": {"type": "text", "y": -6, "baseline": "bottom", "fontWeight": 700,
                  "text": "▼ your run", "aria": False},
         "encoding": {"x": x, "color": {"value": "var(--ink)"}}},
    ]  # fmt: skip
    if beyond:
        layers.append({"data": {"values": [{"x": scale.beyond}]},
                       "mark": {"type": "text", "y": -6, "baseline": "bottom", "aria": False,
                                "text": "no number", "fontWeight": 600},
                       "encoding": {"x": x, "color": {"value": "var(--bad)"}}})  # fmt: skip
    if counts:
        layers.append({"data": {"values": counts},
                       "mark": {"type": "text", "dy": -9, "aria": False, "fontWeight": 600},
                       "encoding": {"x": x, "y": y, "text": {"field": "t"}}})  # fmt: skip
    return {"width": width, "height": area + 60, "margins": (26, 60), "layer": layers}


def _rung_marks(
    result: Result, scale: Scale, width: int, *, beyond: bool
) -> list[dict[str, Any]]:
    """The levels, each with its label in the first row that has room; none over "no number"."""
    goal = result.goal
    marks: list[tuple[float, str, str, str]] = []
    own = result.own_run.loss if result.own_run is not None else None
    if own is not None and math.isfinite(own):
        marks.append((scale.clamped(own), "own", "▼ your run",
                      f"your own run · loss {words.number(own)}"))  # fmt: skip
    if goal.floor is not None and scale.low <= goal.floor <= scale.high:
        solved = "solved" if abs(goal.floor) < 1e-12 else "floor"
        marks.append((goal.floor, "end", f"{solved} {words.number(goal.floor)}",
                      f"the lowest loss this data allows: {words.number(goal.floor)}"))  # fmt: skip
    if goal.baseline is not None:
        marks.append((goal.baseline, "end", f"constant {words.number(goal.baseline)}",
                      f"the best constant output: {words.number(goal.baseline)}"))  # fmt: skip
    for level in goal.levels:
        if scale.low < level.loss < scale.high and not any(
            math.isclose(level.loss, loss, rel_tol=1e-3) for loss, kind, *_ in marks if kind == "end"
        ):
            marks.append((level.loss, "rung", words.number(level.loss),
                          f"{level.name}: {words.number(level.loss)}"))  # fmt: skip
    marks += [(rung.loss, "rung", words.number(rung.loss),
               f"loss {words.number(rung.loss)} · {rung.merged}")
              for rung in goal.ladder if scale.low < rung.loss < scale.high
              and not any(math.isclose(rung.loss, end, rel_tol=1e-3)
                      for end, kind, *_ in marks if kind == "end")]  # fmt: skip
    taken: list[tuple[float, float, int]] = [(width - 76, math.inf, 0)] if beyond else []
    drawn = width / 1.13 if beyond else width
    found = []
    for loss, kind, label, text in marks:
        half = 3.6 * len(label) + 4
        middle = min(max(scale.share(loss) * drawn, half), width - half)
        row = next((row for row in (0, 1) if all(
            middle + half < low or high < middle - half or row != used
            for low, high, used in taken)), None)  # fmt: skip
        if row is not None:
            taken.append((middle - half, middle + half, row))
        found.append({"x": loss, "kind": kind, "row": row, "d": text,
                      "label": "" if row is None else label})  # fmt: skip
    return found
