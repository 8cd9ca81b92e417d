"""How trainings end: the ways with their counts, and the truth table where the data is small."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len

from unstuck.result.results import Mode, Result

from . import words
from .ladder import commonest
from .text_page import Page

_SHOWN = 5
_NARROWEST = 28
_MOST_ROWS = 16
_LONGEST_VECTOR = 8
_LONGEST_CODE = 4
_GAP = "   "

Vector = tuple[float, ...]
Vectors = tuple[Vector, ...]


def ways(page: Page, result: Result) -> None:
    """One line for each way in which trainings end, the commonest first."""
    modes = sorted(result.population.modes, key=lambda mode: -mode.share)
    if len(modes) < 2:
        return
    shown = modes if page.look.detailed else modes[:_SHOWN]
    losses = [words.number(mode.loss) for mode in shown]
    counts = [_counted(mode, result) for mode in shown]
    wide, wider = max(map(len, losses)), max(map(len, counts))
    page.blank()
    total = words.count(result.population.replicas, "training")
    page.line((f"How {total} of your script end", "bold"))
    top = commonest(result) if result.own_run is None else None
    for mode, loss, counted in zip(shown, losses, counts, strict=True):
        sign = ("●", "bold yellow") if mode is top else " "
        head = page.text("  ", sign, f" loss {loss:<{wide}}", _GAP, f"{counted:<{wider}}", _GAP)
        reading = mode.reading or ("learned" if mode.learned else "not learned")
        mark = ("learned: " if mode.learned and mode.reading and reading != "learned" else "")
        said = (mark + reading, "green" if mode.learned else "")
        if page.width - cell_len(head.plain) < _NARROWEST:
            page.line(head)
            page.paragraph(said, indent=6)
        else:
            page.paragraph(said, first=head, indent=cell_len(head.plain))
    if len(modes) > len(shown):
        rest = sum(words.mode_count(mode, result) for mode in modes[len(shown) :])
        ways = words.count(len(modes) - len(shown), "rarer way")
        page.paragraph(f"and {ways}, {words.count(rest, 'training')}", indent=4)


def _counted(mode: Mode, result: Result) -> str:
    counted = words.of(words.mode_count(mode, result), result.population.replicas)
    if mode.ci95 is None:
        return counted
    low_high = words.percent_interval(mode.ci95)
    return f"{counted}, {words.percent(mode.share)} [{low_high}]"


@dataclass(frozen=True, kw_only=True)
class _Column:
    """A column of the truth table: its heading and its cells, `wrong` cells marked."""

    heading: tuple[str, ...]
    cells: tuple[str, ...]
    wrong: tuple[bool, ...]

    @property
    def width(self) -> int:
        return max(cell_len(text) for text in (*self.heading, *self.cells))


def truth_table(page: Page, result: Result) -> None:
    """Each distinct input with its code and output, in the commonest ways and after the repair."""
    rows, targets = result.rows, result.targets
    longest = max((len(vector) for vector in (*rows, *targets)), default=0)
    if not rows or longest > _LONGEST_VECTOR:
        return
    modes = [m for m in sorted(result.population.modes, key=lambda m: -m.share) if m.outputs]
    ends = [
        _column((words.of(words.mode_count(m, result), result.population.replicas),
                 f"loss {words.number(m.loss)}"), m.outputs, m.codes, page, result)
        for m in modes
    ]  # fmt: skip
    repair = next((r for r in result.repairs if r.outputs), None)
    after = [] if repair is None else [
        _column((words.of(repair.successes, repair.replicas), "after the repair"),
                repair.outputs, repair.codes, page, result)
    ]  # fmt: skip
    if not ends and not after:
        return
    fixed = [_plain_column("input", rows, page)]
    if targets and targets != rows:
        fixed.append(_plain_column("target", targets, page))
    columns = _fitting(page, fixed, ends, after)
    page.blank()
    coded = result.code_layer if any("code" in c.heading[-1] for c in columns) else None
    title = "What comes out" if coded is None else f"What comes out, with the code of {coded}"
    page.line((title, "bold"))
    _draw(page, columns, len(rows))
    if any(any(column.wrong) for column in columns):
        page.paragraph(("✗ comes out as another answer than the target", "dim"), indent=2)


def _plain_column(name: str, vectors: Vectors, page: Page) -> _Column:
    cells = tuple(page.plain(words.vector(v)) for v in vectors)
    return _Column(heading=("", "", name), cells=cells, wrong=(False,) * len(cells))


def _column(
    heading: tuple[str, str], outputs: Vectors, codes: Vectors, page: Page, result: Result
) -> _Column:
    coded = len(codes) == len(outputs) and all(len(code) <= _LONGEST_CODE for code in codes)
    wrong = wrong_rows(outputs, result.targets)
    cells = []
    for number, output in enumerate(outputs):
        text = _numbers(output)
        if coded and codes[number]:
            text = f"{_numbers(codes[number], 1)} → {text}"
        cells.append(page.plain(text + (" ✗" if wrong[number] else "")))
    kind = page.plain("code → output" if coded and any(codes) else "output")
    return _Column(heading=(*heading, kind), cells=tuple(cells), wrong=wrong)


def _numbers(vector: Vector, digits: int = 2) -> str:
    return " ".join(words.fixed(value, digits) for value in vector)


def wrong_rows(outputs: Vectors, targets: Vectors) -> tuple[bool, ...]:
    """Which outputs stand for another answer than their targets, where that can be told.

    It can for targets of zeros and ones: the largest number counts where each target has a single
    one among several, every number rounded otherwise.
    """
    none = (False,) * len(outputs)
    if len(outputs) != len(targets) or any(set(t) - {0.0, 1.0} or not t for t in targets):
        return none
    if any(len(o) != len(t) for o, t in zip(outputs, targets, strict=True)):
        return none
    one_hot = all(len(t) > 1 and sum(t) == 1 for t in targets)
    answer = _largest if one_hot else _rounded
    return tuple(answer(o) != answer(t) for o, t in zip(outputs, targets, strict=True))


def _largest(vector: Vector) -> Sequence[float]:
    return (float(vector.index(max(vector))),)


def _rounded(vector: Vector) -> Sequence[float]:
    return tuple(float(value > 0.5) for value in vector)


def _fitting(
    page: Page, fixed: list[_Column], ends: list[_Column], after: list[_Column]
) -> list[_Column]:
    """As many ends as fit beside the rest, the commonest first."""
    room = page.width - 2 - sum(c.width + len(_GAP) for c in (*fixed, *after))
    taken: list[_Column] = []
    for column in ends:
        room -= column.width + len(_GAP)
        if room < -len(_GAP) and taken:
            break
        taken.append(column)
    return [*fixed, *taken, *after]


def _draw(page: Page, columns: list[_Column], rows: int) -> None:
    for number in range(3):
        cells = [f"{column.heading[number]:<{column.width}}" for column in columns]
        page.line("  ", (_GAP.join(cells), "dim"))
    for row in range(min(rows, _MOST_ROWS)):
        line = page.text("  ")
        for column in columns:
            text = column.cells[row] if row < len(column.cells) else ""
            wrong = row < len(column.wrong) and column.wrong[row]
            line.append_text(page.text((f"{text:<{column.width}}", "red" if wrong else "")))
            line.append(_GAP)
        page.line(line)
    if rows > _MOST_ROWS:
        page.line("  ", f"… and {rows - _MOST_ROWS} more")
