"""The figures of docs/statistics.md."""

from __future__ import annotations

from pathlib import Path

import altair as alt
from calibration_page import NAMES, Row, by_effect, rate


def draw(found: Row, folder: Path) -> None:
    """The three figures, as SVG."""
    _p_values(found).save(folder / "statistics_placebo.svg")
    held, power = [], []
    for effect, by_pace in by_effect(found).items():
        for pace, cell in by_pace.items():
            point = {"effect": 100 * effect, "budget": f"{NAMES[pace]} budget"}
            held.append({**point, **_bar(cell.get("held", 0), cell["of"])})
            causes = cell.get("cause", 0)
            for what, count in (("shown to help", causes + cell.get("contributes", 0)),
                                ("called a cause", causes)):
                power.append({**point, "what": what, **_bar(count, cell["of"])})
    band = alt.Chart(alt.Data(values=[{"low": 0.93, "high": 0.97}])).mark_rect(
        opacity=0.15).encode(
            y=alt.Y("low:Q", scale=alt.Scale(domain=[0.85, 1], zero=False)), y2="high:Q")
    (band + _points(held, "the interval holds the truth", [0.85, 1], "budget:N")).properties(
        width=420, height=200).save(folder / "statistics_coverage.svg")
    rows = [_points([p for p in power if p["budget"] == f"{name} budget"], "share of the arms", [0, 1],
                    "what:N").properties(width=300, height=200, title=f"{name} budget")
            for name in NAMES.values()]
    alt.hconcat(*rows).save(folder / "statistics_power.svg")


def _bar(count: int, of: int) -> Row:
    found = rate(count, of)
    return {"share": found.share, "low": found.low, "high": found.high}


def _points(rows: list[Row], title: str, domain: list[float], color: str) -> alt.LayerChart:
    base = alt.Chart(alt.Data(values=rows)).encode(
        x=alt.X("effect:Q", title="true effect, points"),
        color=alt.Color(color, title=None, legend=alt.Legend(orient="top")))
    scale = alt.Scale(domain=domain, clamp=True, zero=False)
    bars = base.mark_rule(strokeWidth=2).encode(
        y=alt.Y("low:Q", title=title, scale=scale, axis=alt.Axis(format="%")), y2="high:Q")
    lines = base.mark_line(point=True).encode(y=alt.Y("share:Q", scale=scale, title=title))
    return lines + bars


def _p_values(found: Row) -> alt.LayerChart:
    rows, count = [], 1
    for row in found["p_values"]:
        count = row["of"]
        steps = len(row["quantiles"])
        rows += [{"p": q, "below": 0.01 + 0.98 * i / (steps - 1), "case": row["case"]}
                 for i, q in enumerate(row["quantiles"])]
    reach = 1.36 / count**0.5  # Kolmogorov's 95 % band of a distribution function
    edges = [{"p": p, "low": max(0.0, p - reach), "high": min(1.0, p + reach)} for p in (0.0, 0.5, 1.0)]
    band = alt.Chart(alt.Data(values=edges)).mark_area(opacity=0.15).encode(
        x=alt.X("p:Q"), y=alt.Y("low:Q"), y2="high:Q")
    lines = alt.Chart(alt.Data(values=rows)).mark_line().encode(
        x=alt.X("p:Q", title="p-value", scale=alt.Scale(domain=[0, 1])),
        y=alt.Y("below:Q", title="share of the placebos below", axis=alt.Axis(format="%")),
        color=alt.Color("case:N", title=None, legend=alt.Legend(orient="right", labelLimit=300)))
    return (band + lines).properties(width=300, height=300)
