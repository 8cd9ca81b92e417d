"""How the loss goes: learning curves as fans, by the way of ending, and after the repair."""

from __future__ import annotations

import math

from unstuck.reports.html_page.axes import MODES, Scale, mode_color
from unstuck.reports.html_page.draw import Figure, Spec, Table, figure_of_parts
from unstuck.reports.parts import words
from unstuck.result.pictures import Curve
from unstuck.result.results import Result


def curves(result: Result) -> Figure | None:
    """Learning curves as fans, one for each way in which trainings end, and for the repair."""
    pictures = result.pictures
    if pictures is None or not pictures.curves:
        return None
    training = [c for c in pictures.curves if c.part == "training"]
    shown = [c for c in training if c.mode is not None][:MODES] or training[:1]
    fans = [(_curve_name(result, c), mode_color(c.mode or 0, result), c) for c in shown]
    held = next((c for c in pictures.curves if c.part == "validation"), None)
    after = pictures.repaired_curve
    if after is not None and result.repairs and "loss" not in result.repairs[0].kinds:
        fans.append(("after the repair", "var(--m0)", after))  # another loss has other units
    if pictures.own_curve is not None:
        fans.append(("your own run", "var(--ink)", pictures.own_curve))
    if held is not None:
        fans.append((f"validation loss, all {words.count(held.replicas)}", "var(--muted)", held))
    drawn = [(name.replace(words.NBSP, " "), color, curve) for name, color, curve in fans
             if sum(math.isfinite(q[2]) for q in curve.quantiles) > 1]  # fmt: skip
    if not drawn:
        return None
    lost = [name for name, _, curve in fans if not any(curve is c for _, _, c in drawn)]
    fans = drawn
    text = ("The loss by epoch. The line is the median; the dark band holds half of the trainings,"
            " the light one 90 %.")  # fmt: skip
    if lost:
        text += f" Not drawn, being no number from the start: {words.listed(lost)}."
    rows = []
    for name, _, curve in fans:
        for place in sorted({0, len(curve.epochs) // 2, len(curve.epochs) - 1}):
            low, _, middle, _, high = curve.quantiles[place]
            rows.append((name, words.count(curve.epochs[place]), words.number(middle),
                         f"{words.number(low)} to {words.number(high)}"))  # fmt: skip
    table = Table(head=("trainings", "epoch", "median loss", "5 to 95 %"), rows=tuple(rows))
    scale = Scale([v for _, _, c in fans for q in c.quantiles for v in q[1:4]],
                  (result.goal.floor, result.goal.baseline))  # fmt: skip
    parts = {name: _fan(result, scale, name, color, curve) for name, color, curve in fans}
    return figure_of_parts("curves", "How the loss goes", text, parts, table)


def _curve_name(result: Result, curve: Curve) -> str:
    if curve.mode is None:
        return f"all {words.count(curve.replicas)}"
    mode = result.population.modes[curve.mode]
    what = "learned" if mode.learned else f"ends at {words.number(mode.loss)}"
    if not math.isfinite(mode.loss):
        what = "diverges"
    return f"{what}: {words.of(curve.replicas, result.population.replicas)}"


def _fan(result: Result, scale: Scale, name: str, color: str, curve: Curve) -> Spec:
    goal, first, last = result.goal, curve.epochs[0], curve.epochs[-1]
    values = [
        {"e": epoch, "m": scale.clamped(q[2]), "q": [scale.clamped(v) for v in q]}
        for epoch, q in zip(curve.epochs, curve.quantiles, strict=True)
        if math.isfinite(q[2]) and (q[2] > 0 or not scale.log)
    ]  # fmt: skip
    levels: list[dict[str, object]] = []
    for level, text in ((goal.baseline, "constant output"), (goal.floor, "floor")):
        if level is not None and scale.low <= level <= scale.high:
            near = levels and abs(scale.share(level) - scale.share(float(goal.baseline or 0))) < 0.1
            levels.append({"m": level, "t": "" if near else text})
    x = {"field": "e", "type": "quantitative", "title": "epoch",
         "axis": {"grid": False, "tickMinStep": 1, "tickCount": 5},
         "scale": {"nice": False, "zero": False, "domain": [first, max(last, first + 1)]}}  # fmt: skip
    y: Spec = {"type": "quantitative", "title": "loss" + (", logarithmic" if scale.log else ""),
               "scale": scale.spec(),
               "axis": {"tickCount": 4, "format": "~g", "labelOverlap": True}}  # fmt: skip
    bands = [
        {"mark": {"type": "area", "aria": False, "opacity": opacity},
         "encoding": {"x": x, "y": {**y, "field": f"q[{low}]"}, "y2": {"field": f"q[{high}]"},
                      "color": {"value": color}}}
        for low, high, opacity in ((0, 4, 0.18), (1, 3, 0.32))
    ]  # fmt: skip
    return {
        "width": 240, "height": 230, "margins": (56, 58), "data": {"values": values},
        "title": {"text": name, "color": color, "fontSize": 13, "anchor": "start"},
        "layer": [
            {"data": {"values": levels},
             "mark": {"type": "rule", "strokeDash": [2, 3], "aria": False},
             "encoding": {"y": {**y, "field": "m"}}},
            {"data": {"values": levels},
             "mark": {"type": "text", "align": "right", "x": "width", "dy": -6, "aria": False,
                      "fontSize": 11},
             "encoding": {"y": {**y, "field": "m"}, "text": {"field": "t"},
                          "color": {"value": "var(--muted)"}}},
            *bands,
            {"mark": {"type": "line", "strokeWidth": 2.4, "aria": False},
             "encoding": {"x": x, "y": {**y, "field": "m"}, "color": {"value": color}}},
        ],
    }  # fmt: skip
