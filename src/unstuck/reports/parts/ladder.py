"""The loss ladder: floor, rungs, baseline and "you are here" on one scaled line."""

from __future__ import annotations

import math
from dataclasses import dataclass

from unstuck.result.results import Mode, Result

from . import words
from .text_page import Line, Page

_WIDEST = 76
_FAR = 1.6  # a loss beyond this many baselines is marked at the line's end, not drawn to scale


@dataclass(frozen=True, kw_only=True)
class Here:
    """The loss that is marked, and the sentence that says whose it is."""

    loss: float
    sentence: str
    reading: str


def commonest(result: Result) -> Mode | None:
    """The way in which most trainings end, if any is known."""
    return max(result.population.modes, key=lambda mode: mode.share, default=None)


def here(result: Result) -> Here | None:
    """The user's own run where there was one; otherwise the commonest end of a training."""
    own, modes = result.own_run, result.population.modes
    if own is not None and own.loss is not None:
        loss = own.loss
        near = [mode for mode in modes if mode.reading and _near(mode.loss, loss)]
        reading = max(near, key=lambda mode: mode.share).reading if near else ""
        return Here(loss=loss, sentence=f"Your own run ended at {words.number(loss)}",
                    reading=reading)  # fmt: skip
    mode = commonest(result)
    if mode is None:
        return None
    ends = f"{words.of(words.mode_count(mode, result), result.population.replicas)} trainings"
    at = f" at {words.number(mode.loss)}" if math.isfinite(mode.loss) else ""
    reading = mode.reading or ("" if at else "the loss is no finite number")
    return Here(loss=mode.loss, sentence=f"You are here: the most frequent end, {ends}{at}",
                reading=reading)  # fmt: skip


def _near(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=0.03, abs_tol=0.003)


def draw(page: Page, result: Result) -> None:
    """The ladder, and below it what the marked loss means; the latter alone without a scale."""
    mark, goal = here(result), result.goal
    if goal.floor is not None and goal.baseline is not None and goal.baseline > goal.floor:
        _draw_line(page, result, goal.floor, goal.baseline, mark)
    if mark is not None:
        text = mark.sentence + (f": {mark.reading}" if mark.reading else "")
        page.paragraph(text.rstrip(".") + ".", indent=2)
    elif result.population.replicas == 0:
        page.paragraph("No training has ended yet, so no loss is marked.", indent=2)


def _draw_line(
    page: Page, result: Result, floor: float, baseline: float, mark: Here | None
) -> None:
    width = min(page.width - 6, _WIDEST)
    loss = mark.loss if mark is not None else math.nan
    far = mark is not None and not loss <= floor + _FAR * (baseline - floor)
    shown = [] if far or not math.isfinite(loss) else [loss]
    low, high = min([floor, *shown]), max([baseline, *shown])

    def place(value: float) -> int:
        return round((width - 1) * (value - low) / (high - low))

    start, end = place(floor), place(baseline)
    cells = ["─"] * width
    rungs = [rung.loss for rung in result.goal.ladder if low < rung.loss < high]
    for rung in rungs:
        cells[place(rung)] = "┼"
    cells[start], cells[end] = "├", "┤"
    spot = place(loss) if shown else None
    if far:
        cells += ["─", "▶"]
        spot = width + 1
    values = [floor, baseline, *rungs]
    if shown and not any(place(loss) == place(value) for value in values):
        values.insert(0, loss)
    page.line("  ", _above(page, {place(v): words.number(v) for v in reversed(values)}, width))
    if spot is None:
        page.line("  ", ("".join(cells), "dim"))
    else:
        sign = "▶" if far else "●"
        page.line("  ", ("".join(cells[:spot]), "dim"), (sign, "bold yellow"),
                  ("".join(cells[spot + 1 :]), "dim"))  # fmt: skip
    solved = "solved" if abs(floor) < 1e-12 else "floor"
    below = [(start, solved, ""), (end, "constant output", "")]
    if spot is not None:
        label = "you are here, off the scale" if far else "you are here"
        below.insert(0, (spot, label, "bold yellow"))
    for row in _below(page, below, width + 4):
        page.line("  ", row)


def _above(page: Page, labels: dict[int, str], width: int) -> str:
    """The numbers over the line, each centred at its place; those without room are left out."""
    ends = (0, width - 1)
    ordered = sorted(labels, key=lambda at: (at not in ends,))
    row = [" "] * (width + 4)
    for at in ordered:
        text = page.plain(labels[at])
        first = min(max(at - len(text) // 2, 0), len(row) - len(text))
        if all(c == " " for c in row[max(first - 1, 0) : first + len(text) + 1]):
            row[first : first + len(text)] = text
    return "".join(row).rstrip()


def _below(page: Page, labels: list[tuple[int, str, str]], width: int) -> list[Line]:
    """The names under the line, in as few rows as leave each of them room."""
    rows: list[list[tuple[int, str, str]]] = []
    for at, text, style in labels:
        text = page.plain(text)
        first = min(max(at - len(text) // 2, 0), max(width - len(text), 0))
        for row in rows:
            if all(first + len(text) + 2 <= f or f + len(t) + 2 <= first for f, t, _ in row):
                row.append((first, text, style))
                break
        else:
            rows.append([(first, text, style)])
    lines: list[Line] = []
    for row in rows:
        line, used = page.text(), 0
        for first, text, style in sorted(row):
            line.append(" " * (first - used))
            line.append(text, style or None)
            used = first + len(text)
        lines.append(line)
    return lines
