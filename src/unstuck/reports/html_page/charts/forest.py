"""What each change does: effects with their intervals, the placebo among them."""

from __future__ import annotations

from collections.abc import Sequence

from unstuck.reports.html_page.axes import label_of, label_room, shortened
from unstuck.reports.html_page.draw import Figure, Spec, Table, figure
from unstuck.reports.parts import words
from unstuck.reports.parts.lists import named
from unstuck.result.results import Arm, Result

VERDICTS = {
    "cause": ("Cause", "var(--cause)", "diamond"),
    "needs company": ("Hidden cause", "var(--company)", "triangle-up"),
    "contributes": ("Contributes", "var(--helps)", "square"),
    "undecided": ("Undecided", "var(--open)", "stroke"),
    "acquitted": ("No effect", "var(--muted)", "circle"),
    "no effect alone": ("No effect alone", "var(--open)", "circle"),
    "harmful": ("Makes it worse", "var(--worse)", "triangle-down"),
}  # fmt: skip
PLACEBO = "placebo: another shuffle"
_STROKE = "M-.5,-.1L.5,-.1L.5,.1L-.5,.1Z"


def forest(result: Result) -> Figure | None:
    """The effect of every change with its interval, the placebo among them.

    `None` where nothing but the placebo was tried, or no change turned a single training.
    """
    arms = forest_arms(result)
    if not any(arm.rescued or arm.broken for arm in arms if arm.kind != "placebo"):
        return None
    text = ("Each row is one change, tried alone on the same seeds: by how many points it moves the"
            " success rate, with its 95 % interval. Beyond the dashed line it can be called a cause;"
            " in the band around zero it does nothing.")  # fmt: skip
    rows = [
        (words_of(arm), verdict_word(arm), words.effect(arm),
         f"{words.percent(arm.control_rate)} → {words.percent(arm.success_rate)}",
         words.count(arm.replicas), words.count(arm.rescued), words.count(arm.broken))
        for arm in arms
    ]  # fmt: skip
    head = ("change", "verdict", "points", "learned", "pairs", "rescued", "broken")
    return figure("forest", "What each change does", text, _forest(arms, 570), _forest(arms, 350),
                  Table(head=head, rows=tuple(rows)))  # fmt: skip


def forest_arms(result: Result) -> list[Arm]:
    """All arms that were tried alone, the largest effect first."""
    return sorted((arm for arm in result.arms if arm.replicas), key=lambda arm: -arm.difference)


def words_of(arm: Arm) -> str:
    """A change with its line; the placebo by its name."""
    return named(arm) if arm.kind != "placebo" else PLACEBO


def verdict_word(arm: Arm) -> str:
    """The verdict as the page has it; the placebo's has a word of its own."""
    if arm.kind == "placebo":
        return "Placebo"
    return VERDICTS[arm.verdict][0]


def _forest(arms: Sequence[Arm], width: int) -> Spec:
    narrow = width < 500
    values = []
    # Without its line a change's name fits into a narrow window too.
    names = [shortened(arm.intervention if narrow and arm.kind != "placebo" else words_of(arm),
                       28 if narrow else 42) for arm in arms]  # fmt: skip
    for place, arm in enumerate(arms):
        values.append({
            "a": place, "v": verdict_word(arm),
            "m": 100 * arm.difference, "l": 100 * arm.ci95[0], "h": 100 * arm.ci95[1],
            "t": f"{arm.rescued:,} / {arm.broken:,}",
            "d": f"{words_of(arm)}: {words.effect(arm)} points, {words.turned(arm)}",
        })  # fmt: skip
    used = list(dict.fromkeys(map(verdict_word, arms)))
    looks = {**{word: (color, shape) for word, color, shape in VERDICTS.values()},
             "Placebo": ("var(--ink)", "cross")}  # fmt: skip
    y = {"field": "a", "type": "ordinal", "title": None,
         "axis": {"labelExpr": label_of(names), "ticks": False, "domain": False,
                  "labelColor": "var(--ink)", "labelFontSize": 11 if narrow else 12}}  # fmt: skip
    low = min(-10.0, *(100 * arm.ci95[0] for arm in arms))
    high = max(30.0, *(100 * arm.ci95[1] for arm in arms))
    room = (0.05 if narrow else 0.24) * (high - low)
    domain = {"domain": [low - 2, high + room], "nice": False}
    x = {"field": "m", "type": "quantitative", "scale": domain,
         "title": "change of the success rate, points",
         "axis": {"values": [v for v in range(-100, 101, 20) if low - 2 <= v <= high + 2],
                  "grid": True}}  # fmt: skip
    color = {"field": "v", "type": "nominal", "legend": None, "scale": {
        "domain": used, "range": [looks[v][0] for v in used]}}  # fmt: skip
    tip = {"description": {"field": "d"}}
    layers: list[Spec] = [
        {"data": {"values": [{"l": -5, "h": 5}]}, "mark": {"type": "rect", "aria": False},
         "encoding": {"x": {"field": "l", "type": "quantitative", "scale": domain},
                      "x2": {"field": "h"}, "color": {"value": "var(--band)"}}},
        {"data": {"values": [{"m": 20}]},
         "mark": {"type": "rule", "strokeDash": [4, 4], "aria": False},
         "encoding": {"x": x, "color": {"value": "var(--cause)"}}},
        {"mark": {"type": "rule", "strokeWidth": 2}, "encoding": {
            "y": y, "x": {**x, "field": "l"}, "x2": {"field": "h"}, "color": color, **tip}},
        {"mark": {"type": "point", "filled": True, "size": 90, "opacity": 1},
         "encoding": {"y": y, "x": x, "color": color, **tip,
                      "shape": {"field": "v", "type": "nominal",
                                "scale": {"domain": used, "range": [
                                    _STROKE if looks[v][1] == "stroke" else looks[v][1]
                                    for v in used]},
                                "legend": None}}},
    ]  # fmt: skip
    if not narrow:
        layers.append({
            "mark": {"type": "text", "align": "right", "x": "width", "dx": -2, "aria": False},
            "encoding": {"y": y, "text": {"field": "t"}, "color": {"value": "var(--muted)"}}})
    return {"width": width, "height": 24 * len(arms) + 46,
            "margins": (label_room(names, 11 if narrow else 12), 42),
            "data": {"values": values}, "layer": layers}  # fmt: skip
