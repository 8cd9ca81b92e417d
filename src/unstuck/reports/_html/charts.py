"""The charts: where training ends, what each change does, learning curves, right against wrong.

Each takes a result and gives a `Figure`, or `None` where there is nothing to draw. Positions are
laid out here; figures are only worded, never computed.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from unstuck.pictures import Curve, Grid
from unstuck.results import Arm, Result

from .. import _words as words
from .._ladder import here
from .._lists import named
from .draw import Figure, Spec, Table, figure

MODES = 6
"""Colours for ways of ending; rarer ways share the last."""
VERDICTS = {
    "cause": ("Cause", "var(--cause)", "diamond"),
    "needs company": ("Needs company", "var(--company)", "triangle-up"),
    "contributes": ("Contributes", "var(--helps)", "square"),
    "undecided": ("Undecided", "var(--open)", "stroke"),
    "acquitted": ("No effect", "var(--muted)", "circle"),
    "harmful": ("Makes it worse", "var(--worse)", "triangle-down"),
}  # fmt: skip
PLACEBO = "placebo: another shuffle"
_TALLEST = 32
"""Dots of a column that are never pressed together."""
_STROKE = "M-.5,-.1L.5,-.1L.5,.1L-.5,.1Z"


def mode_color(number: int | None, result: Result) -> str:
    """The colour of a way of ending; that of learning is always the same."""
    modes = result.population.modes
    if number is None or number >= len(modes):
        return "var(--ink)"
    return f"var(--m{mode_class(number, result)})"


def mode_class(number: int, result: Result) -> int:
    """0 for learning, 1 and on for the ways of failing, by their share."""
    modes = result.population.modes
    if modes[number].learned:
        return 0
    failed = [i for i, mode in enumerate(modes) if not mode.learned]
    return min(1 + failed.index(number), MODES - 1)


def axis_number(value: float) -> str:
    """A number for an axis, without blanks that break lines."""
    return words.number(value).replace(words.NBSP, " ")


def shortened(text: str, most: int) -> str:
    """A label of at most so many characters: Vega's own cutting measures text, which is slow."""
    text = text.replace(words.NBSP, " ")
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


class Scale:
    """The axis of losses: linear, or logarithmic where they span more than a factor of 50."""

    def __init__(self, values: Iterable[float], anchors: Iterable[float | None]) -> None:
        finite = [v for v in values if math.isfinite(v)]
        marks = [a for a in anchors if a is not None and math.isfinite(a)]
        whole = [*finite, *marks] or [0.0, 1.0]
        reference = max(marks, default=0.0)
        middle = sorted(finite)[len(finite) // 2] if finite else 1.0
        positive = [v for v in whole if v > 0]
        wide = bool(finite) and max(finite) > 50 * max(reference, middle, 1e-12)
        low_half = middle > 0 and reference > 50 * middle
        self.log = min(whole) >= 0 and len(positive) > 0 and (wide or low_half)
        self.low = min(positive) if self.log else min(whole)
        self.high = max(whole)
        if self.high <= self.low:
            self.high = self.low + (abs(self.low) or 1.0)
        if self.log:
            self.low = max(self.low, self.high * 1e-30)

    def clamped(self, value: float) -> float:
        """A value on the scale; what is beyond it lies at its end."""
        return min(max(value, self.low), self.high)

    def share(self, value: float) -> float:
        """How far along the scale a value lies, from 0 to 1."""
        low, high, at = self.low, self.high, self.clamped(value)
        if self.log:
            low, high, at = math.log(low), math.log(high), math.log(at)
        return (at - low) / (high - low)

    @property
    def beyond(self) -> float:
        """Where losses are put that are no numbers: past the end."""
        if self.log:
            return self.high * (self.high / self.low) ** 0.1
        return self.high + 0.1 * (self.high - self.low)

    def spec(self, *, beyond: bool = False) -> Spec:
        """As Vega-Lite has it, with a little room at both ends, or more at the upper one."""
        low, high = self.low, self.beyond if beyond else self.high
        if self.log:
            room = (high / low) ** 0.03
            return {"type": "log", "domain": [low / room, high * room], "nice": False}
        room = 0.03 * (high - low)
        return {"domain": [low - (room if low else 0.4 * room), high + room], "nice": False,
                "zero": False}  # fmt: skip


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
        text += f" {words.of(lost, len(losses))} ended infinite or as no number: the crosses at the end."
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
    rungs = _rung_marks(result, scale, width)
    layers: list[Spec] = [
        {"data": {"values": rungs}, "mark": {"type": "rule", "strokeWidth": 1.5, "aria": True},
         "encoding": {"x": x, "strokeDash": {"field": "kind", "type": "nominal", "legend": None,
                      "scale": {"domain": ["end", "rung"], "range": [[1, 0], [3, 3]]}},
                      "color": {"value": "var(--edge)"}, "description": {"field": "d"}}},
        {"data": {"values": dots},
         "mark": {"type": "point", "filled": True, "size": size * size, "opacity": 0.9},
         "encoding": {"x": x, "y": y, "description": {"field": "d"},
                      "shape": {"field": "f", "type": "nominal", "legend": None, "scale": {
                          "domain": [True, False], "range": ["circle", "cross"]}},
                      "color": {"field": "m", "type": "ordinal", "legend": None,
                                "scale": {"domain": list(range(MODES)),
                                          "range": [f"var(--m{i})" for i in range(MODES)]}}}},
        *({"data": {"values": [r for r in rungs if r["row"] == row]},
           "mark": {"type": "text", "y": -6 - 15 * row, "baseline": "bottom", "fontSize": 12,
                    "aria": False},
           "encoding": {"x": x, "text": {"field": "label"}, "color": {"value": "var(--muted)"}}}
          for row in (0, 1)),
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
    own = result.own_run.loss if result.own_run is not None else None
    if own is not None and math.isfinite(own):
        at = {"values": [{"x": scale.clamped(own), "d": f"your own run · loss {words.number(own)}"}]}
        layers += [
            {"data": at, "mark": {"type": "rule", "strokeWidth": 2.5}, "encoding": {
                "x": x, "color": {"value": "var(--ink)"}, "description": {"field": "d"}}},
            {"data": at, "mark": {"type": "text", "text": "▼ your run", "y": 6, "dx": 4,
                                  "align": "left" if scale.share(own) < 0.8 else "right",
                                  "fontWeight": 600, "aria": False}, "encoding": {"x": x}},
        ]  # fmt: skip
    return {"width": width, "height": area + 60, "layer": layers}


def _rung_marks(result: Result, scale: Scale, width: int) -> list[dict[str, Any]]:
    goal = result.goal
    marks: list[tuple[float, str, str, str]] = []
    if goal.floor is not None and scale.low <= goal.floor <= scale.high:
        solved = "solved" if abs(goal.floor) < 1e-12 else "floor"
        marks.append((goal.floor, "end", f"{solved} {words.number(goal.floor)}",
                      f"the lowest loss this data allows: {words.number(goal.floor)}"))  # fmt: skip
    if goal.baseline is not None:
        marks.append((goal.baseline, "end", f"constant {words.number(goal.baseline)}",
                      f"the best constant output: {words.number(goal.baseline)}"))  # fmt: skip
    marks += [(rung.loss, "rung", words.number(rung.loss),
               f"rung {words.number(rung.loss)} · {rung.merged}")
              for rung in goal.ladder if scale.low < rung.loss < scale.high]  # fmt: skip
    taken: list[tuple[float, float, int]] = []
    found = []
    for loss, kind, label, text in marks:
        half = 3.6 * len(label) + 4
        middle = min(max(scale.share(loss) * width, half), width - half)
        row = next((row for row in (0, 1) if all(
            middle + half < low or high < middle - half or row != used
            for low, high, used in taken)), None)  # fmt: skip
        if row is not None:
            taken.append((middle - half, middle + half, row))
        found.append({"x": loss, "kind": kind, "row": row, "d": text,
                      "label": "" if row is None else label})  # fmt: skip
    return found


def forest(result: Result) -> Figure | None:
    """The effect of every change with its interval, the placebo among them."""
    arms = forest_arms(result)
    if all(arm.kind == "placebo" for arm in arms):
        return None
    text = ("Each row is one change, tried alone on the same seeds: by how many points it moves the"
            " success rate, with its interval. Beyond the dashed line it can be called a cause; in"
            " the band around zero it does nothing.")  # fmt: skip
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
    """All arms, the largest effect first."""
    return sorted(result.arms, key=lambda arm: -arm.difference)


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
    for arm in arms:
        label = shortened(words_of(arm), 24 if narrow else 42)
        values.append({
            "a": label, "v": "Placebo" if arm.kind == "placebo" else VERDICTS[arm.verdict][0],
            "m": 100 * arm.difference, "l": 100 * arm.ci95[0], "h": 100 * arm.ci95[1],
            "t": f"{arm.rescued:,} / {arm.broken:,}",
            "d": f"{label}: {words.effect(arm)} points, {words.turned(arm)}",
        })  # fmt: skip
    order = list(dict.fromkeys(value["a"] for value in values))
    used = [*dict.fromkeys(value["v"] for value in values)]
    looks = {**{word: (color, shape) for word, color, shape in VERDICTS.values()},
             "Placebo": ("var(--ink)", "cross")}  # fmt: skip
    y = {"field": "a", "type": "nominal", "sort": order, "title": None,
         "axis": {"ticks": False, "domain": False,
                  "labelColor": "var(--ink)", "labelFontSize": 11 if narrow else 12}}  # fmt: skip
    low = min(-10.0, *(value["l"] for value in values))
    high = max(30.0, *(value["h"] for value in values))
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
    return {"width": width, "height": 24 * len(order) + 46,
            "data": {"values": values}, "layer": layers}  # fmt: skip


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
    if after is not None and result.repairs and not {"loss", "target_encoding", "input_scale"} & set(
        result.repairs[0].kinds
    ):  # otherwise its loss is in other units
        fans.append(("after the repair", "var(--m0)", after))
    if held is not None:
        fans.append((f"validation loss, all {words.count(held.replicas)}", "var(--muted)", held))
    fans = [(name.replace(words.NBSP, " "), color, curve) for name, color, curve in fans
            if sum(math.isfinite(q[2]) for q in curve.quantiles) > 1]  # fmt: skip
    if not fans:
        return None
    text = ("The loss by epoch. The line is the median; the dark band holds half of the trainings,"
            " the light one 90 %.")  # fmt: skip
    rows = []
    for name, _, curve in fans:
        for place in sorted({0, len(curve.epochs) // 2, len(curve.epochs) - 1}):
            low, _, middle, _, high = curve.quantiles[place]
            rows.append((name, words.count(curve.epochs[place]), words.number(middle),
                         f"{words.number(low)} to {words.number(high)}"))  # fmt: skip
    table = Table(head=("trainings", "epoch", "median loss", "5 to 95 %"), rows=tuple(rows))
    return figure("curves", "How the loss goes", text, _curves(result, fans, 1080),
                  _curves(result, fans, 350), table)  # fmt: skip


def _curve_name(result: Result, curve: Curve) -> str:
    if curve.mode is None:
        return f"all {words.count(curve.replicas)}"
    mode = result.population.modes[curve.mode]
    what = "learned" if mode.learned else f"ends at {words.number(mode.loss)}"
    if not math.isfinite(mode.loss):
        what = "diverges"
    return f"{what}: {words.of(curve.replicas, result.population.replicas)}"


def _curves(result: Result, fans: Sequence[tuple[str, str, Curve]], width: int) -> Spec:
    goal = result.goal
    everything = [v for _, _, c in fans for q in c.quantiles for v in q[1:4]]
    scale = Scale(everything, (goal.floor, goal.baseline))
    names = [name for name, _, _ in fans]
    colors = [color for _, color, _ in fans]
    columns = min(len(fans), 4 if width > 500 else 1)
    each = min((width - 70 - 26 * (columns - 1)) // columns, 420)
    y: Spec = {"type": "quantitative", "title": "loss" + (", logarithmic" if scale.log else ""),
               "scale": scale.spec(),
               "axis": {"tickCount": 4, "format": "~g",
                        "labelOverlap": True}}  # fmt: skip
    levels = [{"m": level, "t": text} for level, text in
              ((goal.baseline, "constant output"), (goal.floor, "floor"))
              if level is not None and scale.low <= level <= scale.high]  # fmt: skip
    charts = []
    for number, (name, color, curve) in enumerate(fans):
        first = number % columns == 0
        values = [
            {"e": epoch, "m": scale.clamped(q[2]), "q": [scale.clamped(v) for v in q]}
            for epoch, q in zip(curve.epochs, curve.quantiles, strict=True)
            if math.isfinite(q[2]) and (q[2] > 0 or not scale.log)
        ]  # fmt: skip
        x = {"field": "e", "type": "quantitative", "title": "epoch",
             "axis": {"grid": False, "tickMinStep": 1, "tickCount": 5},
             "scale": {"nice": False, "zero": False,
                       "domain": [curve.epochs[0], max(curve.epochs[-1], curve.epochs[0] + 1)]}}  # fmt: skip
        side = {**y} if first else {**y, "title": None,
                                    "axis": {**y["axis"], "labels": False, "ticks": False}}  # fmt: skip
        area = {"type": "area", "aria": False}
        charts.append({
            "width": each, "height": 190, "title": {
                "text": name, "color": color, "fontSize": 13, "anchor": "start", "dy": -2},
            "data": {"values": values},
            "layer": [
                {"data": {"values": levels}, "mark": {"type": "rule", "strokeDash": [2, 3],
                                                      "aria": False},
                 "encoding": {"y": {**side, "field": "m"}}},
                {"data": {"values": levels if first else []},
                 "mark": {"type": "text", "align": "right", "x": "width", "dy": -6, "aria": False,
                          "fontSize": 11},
                 "encoding": {"y": {**side, "field": "m"}, "text": {"field": "t"},
                              "color": {"value": "var(--muted)"}}},
                *({"mark": {**area, "opacity": opacity},
                   "encoding": {"x": x, "y": {**side, "field": f"q[{low}]"},
                                "y2": {"field": f"q[{high}]"}, "color": {"value": color}}}
                  for low, high, opacity in ((0, 4, 0.18), (1, 3, 0.32))),
                {"mark": {"type": "line", "strokeWidth": 2.4, "aria": False},
                 "encoding": {"x": x, "y": {**side, "field": "m"}, "color": {"value": color}}},
            ],
        })  # fmt: skip
    return {"autosize": {"type": "pad"}, "concat": charts, "columns": columns, "spacing": 26}


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
                    values.append({"t": wanted, "o": got, "w": name,
                                   "d": f"target {words.number(wanted)} · {words.number(got)}"})  # fmt: skip
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
    x = {"field": "t", "type": "quantitative", "title": "target", "scale": {"zero": False},
         "axis": {"tickCount": 5, "format": "~s" if max(map(abs, targets)) >= 1e4 else "~g"}}  # fmt: skip
    y = {"field": "o", "type": "quantitative", "title": "output",
         "scale": {"zero": False},
         "axis": {"tickCount": 5, "format": "~s" if max(map(abs, targets)) >= 1e4 else "~g"}}  # fmt: skip
    looks = [style[name] for name in names]
    legend = {"orient": "bottom"}
    return {"width": width, "height": 340, "layer": [
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


def usual_replica(result: Result) -> Any:
    """The replica shown that is the usual one of the commonest way of ending."""
    pictures = result.pictures
    if pictures is None or not pictures.replicas:
        return None
    mode = result.population.modes[0] if result.population.modes else None
    mine = [r for r in pictures.replicas if r.mode == 0] or list(pictures.replicas)
    middle = mode.loss if mode is not None else math.nan
    if not math.isfinite(middle):
        return mine[0]
    return min(mine, key=lambda r: abs(r.loss - middle) if math.isfinite(r.loss) else math.inf)


def grid(result: Result, given: Grid, number: int) -> Figure:
    """Success by two things varied together."""
    text = (f"How many of a hundred trainings learn, by {given.row_name} and {given.column_name}."
            " Empty fields were not tried.")  # fmt: skip
    rows = [
        (given.rows[c.row], given.columns[c.column], words.of(c.successes, c.replicas),
         words.percent(c.success_rate))
        for c in sorted(given.cells, key=lambda c: -c.success_rate)
    ]  # fmt: skip
    return figure(f"grid-{number}", given.title, text, _grid(given, 540), _grid(given, 350),
                  Table(head=(given.row_name, given.column_name, "learned", "share"),
                        rows=tuple(rows)))  # fmt: skip


def _grid(given: Grid, width: int) -> Spec:
    narrow = width < 500
    room = 16 if narrow else 30
    row_names, column_names = ([shortened(name, room) for name in side]
                               for side in (given.rows, given.columns))  # fmt: skip
    values = []
    for cell in given.cells:
        share = cell.success_rate
        values.append({
            "r": row_names[cell.row], "c": column_names[cell.column], "b": min(int(share * 5), 4),
            "t": words.percent(share).replace(words.NBSP, "").removesuffix("%"),
            "d": f"{given.rows[cell.row]} · {given.columns[cell.column]}: "
                 f"{words.of(cell.successes, cell.replicas)}",
        })  # fmt: skip
    x = {"field": "c", "type": "nominal", "sort": column_names, "title": given.column_name,
         "axis": {"labelAngle": -40 if max(map(len, given.columns)) > 6 else 0,
                  "ticks": False, "domain": False, "orient": "bottom"}}  # fmt: skip
    y = {"field": "r", "type": "nominal", "sort": row_names, "title": given.row_name,
         "axis": {"ticks": False, "domain": False}}  # fmt: skip
    steps = list(range(5))
    return {"width": width, "height": 34 * len(given.rows) + (150 if narrow else 190),
            "data": {"values": values}, "resolve": {"scale": {"color": "independent"}}, "layer": [
        {"mark": {"type": "rect", "cornerRadius": 3}, "encoding": {
            "x": x, "y": y, "description": {"field": "d"},
            "color": {"field": "b", "type": "ordinal", "legend": None, "scale": {
                "domain": steps, "range": [f"var(--h{i})" for i in steps]}}}},
        {"mark": {"type": "text", "aria": False, "fontSize": 11 if narrow else 12}, "encoding": {
            "x": x, "y": y, "text": {"field": "t"},
            "color": {"field": "b", "type": "ordinal", "legend": None, "scale": {
                "domain": steps, "range": [f"var(--t{i})" for i in steps]}}}},
    ]}  # fmt: skip
