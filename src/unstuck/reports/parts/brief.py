"""The answer in some ten lines of text. All of it is in the full report too (-v), with the proofs."""

from __future__ import annotations

import ast
import textwrap
from contextlib import suppress
from dataclasses import replace

from unstuck.result.results import ENGINE, FindingInfo, Result

from . import horizon, words
from .answer import Answer, answer
from .repairs import lines_of_diff, not_tried_yet, unified_diff
from .source import excerpt, place, script_name
from .text_page import Page
from .verdict import HEALTHY, has_cause, nothing_found, placebo_worked, verdict

LINES = 25
"""Most lines of the whole short report at 80 columns (`docs/how-to/reading-a-report.md`)."""
_INDENT = 11
_DIFF, _LEAST = 16, 8
"""Most lines of a diff, as they are wrapped, and as few as that where room is short."""
_BROKEN_INTO = 16
"""Most lines of one statement that are shown as one: a longer one is a table of numbers."""
_FACTS = 2
_STYLES = {"It is": "bold red", "Helps too": "bold yellow"}


def brief(page: Page, result: Result, style: str, below: int) -> None:
    """The whole short report, up to the commands, which take `below` lines; `style` is the verdict's.

    What does not fit is left out in this order: notes, the marked line, suspects behind the first
    line of each, lines of the diff.
    """
    told, end = answer(result), LINES - below
    told = replace(told, diff=_joined([
        line for line in told.diff if not line[1:].lstrip().startswith("#")]))
    room = end - bool(_notes_of(result))
    ways = ((True, True, _DIFF), (False, True, _DIFF),
            *((False, False, most) for most in range(_DIFF, _LEAST - 1, -1)))
    for marked, listed, most in ways:
        body = _body(page, result, told, style, marked=marked, listed=listed, most=most)
        if len(body) <= room:
            break
    page.append(body)
    _notes(page, result, end)


def _body(
    page: Page, result: Result, told: Answer, style: str, *, marked: bool, listed: bool, most: int
) -> Page:
    """All but the notes: with the marked line or without, with all suspects or a line of each kind,
    and with so many lines of the diff at most."""
    page = page.another()
    _headline(page, result, style)
    if placebo_worked(result) is not None:
        page.paragraph("Another draw of the shuffle alone changes the result. So trainings of this"
                       " script cannot be compared, and no cause is named.")
    elif result.outcome in HEALTHY and not has_cause(result):
        page.paragraph(nothing_found(result))
        _facts(page, result, told)
    else:
        _broken(page, result, told, marked=marked)
        _mended(page, result, told, most)
        _suspects(page, told, listed=listed)
    return page


def _notes_of(result: Result) -> list[str]:
    return [note for note in result.notes if not note.startswith(ENGINE)]


def _notes(page: Page, result: Result, end: int) -> None:
    """The notes for which there is room up to a line, the last ones first: those on the answer."""
    notes = _notes_of(result)
    kept: list[Page] = []
    for number, note in enumerate(reversed(notes)):
        told = page.another()
        told.paragraph(("note", "bold cyan"), f": {note}", hang=2)
        more = number < len(notes) - 1
        if len(page) + sum(map(len, kept)) + len(told) + more > end:
            break
        kept.insert(0, told)
    for told in kept:
        page.append(told)
    left = len(notes) - len(kept)
    if left:
        which = "more note" if kept else "note"
        page.paragraph(("note", "bold cyan"), f": {words.count(left, which)} with -v", hang=2)


def _headline(page: Page, result: Result, style: str) -> None:
    line = "" if result.fit.line is None else f":{result.fit.line}"
    call = " ".join(result.fit.call.split())
    where = f"{script_name(result)}{line}"
    page.line((where, "bold"), "  ", page.cropped(call, page.width - len(where) - 2))
    word, said = verdict(result, luck=False)
    page.paragraph((f"{word}.", style), f" {words.without_interval(said)}")
    for told in horizon.in_short(result):
        page.paragraph(told)


def _broken(page: Page, result: Result, told: Answer, *, marked: bool) -> None:
    page.blank()
    for number, (why, where) in enumerate(told.why):
        page.paragraph(why, indent=_INDENT, first=("Why", "bold red") if number == 0 else "")
        if marked and where is not None and len(told.why) == 1:
            excerpt(page, result, where, indent=_INDENT)
    _facts(page, result, told)


def _facts(page: Page, result: Result, told: Answer) -> None:
    for fact in told.facts[:_FACTS]:
        _fact(page, result, fact)
    if len(told.facts) > _FACTS:
        page.paragraph(f"and {words.count(len(told.facts) - _FACTS, 'more fact')} with -v",
                       indent=_INDENT)


def _fact(page: Page, result: Result, fact: FindingInfo) -> None:
    where = f" ({place(result, fact.location)})" if fact.location is not None else ""
    page.paragraph(fact.message, (where, "dim"), indent=_INDENT, first=("Certain", "bold cyan"))
    not_tried_yet(page, fact, indent=_INDENT)


def _mended(page: Page, result: Result, told: Answer, most: int) -> None:
    """How often it learns with the change and without, and the change: so many of its lines at most."""
    if not told.rates:
        return
    page.blank()
    label = ("Change", "bold green") if told.cure else ("Helps", "bold yellow")
    said = " ".join(filter(None, (told.change, told.rates, told.purpose)))
    page.paragraph(said, indent=_INDENT, first=label)
    if page.look.diff and result.repairs:
        for repair in result.repairs:
            unified_diff(page, repair)
        return
    drawn = [page.another() for _ in told.diff]
    for each, line in zip(drawn, told.diff, strict=True):
        lines_of_diff(each, [line])
    whole = sum(map(len, drawn)) <= most
    begun = len(page)
    for number, each in enumerate(drawn):
        if len(page) - begun + len(each) > most - (not whole):
            page.paragraph(f"and {words.count(len(drawn) - number, 'more line')} with -v", indent=4)
            return
        page.append(each)


def _joined(code: list[str]) -> tuple[str, ...]:
    """Lines of a diff, each statement that a formatter has broken into several in one of its own."""
    joined: list[str] = []
    while code:
        same = next((n for n, line in enumerate(code) if line[0] != code[0][0]), len(code))
        size = next((n for n in range(1, min(same, _BROKEN_INTO) + 1) if _is_code(code[:n])), 1)
        text, *rest = code[:size]
        for part in map(str.strip, (line[1:] for line in rest)):
            closes = part.startswith((")", "]", "}"))
            gap = "" if closes or text.endswith(("(", "[", "{")) else " "
            text = (text.removesuffix(",") if closes else text) + gap + part
        joined.append(text)
        code = code[size:]
    return tuple(joined)


def _is_code(lines: list[str]) -> bool:
    with suppress(SyntaxError):
        ast.parse(textwrap.dedent("\n".join(line[1:] for line in lines)))
        return True
    return False


def _suspects(page: Page, told: Answer, *, listed: bool) -> None:
    """Each of the usual suspects; what is cleared, by a trial or by the repair, in one line.

    Unless all are to be `listed`, what is guilty is told in full and the others in a line of each kind.
    """
    suspects = dict(told.suspects)
    stays = suspects.pop("Can stay", ())
    if "It is not" in suspects and stays:
        *others, last = suspects["It is not"]
        suspects["It is not"] = (*others, f"{last}. Can stay: {stays[0]}", *stays[1:])
    elif stays:
        suspects["Can stay"] = stays
    for label, items in suspects.items():
        for kept in range(len(items), 0, -1):
            more = (f"and {len(items) - kept} more",) if kept < len(items) else ()
            line = page.another()
            line.paragraph(*items[:kept], *more, separator=",", indent=_INDENT,
                           first=(label, _STYLES.get(label, "bold")))
            if listed or label == "It is" or len(line) == 1:
                break
        page.append(line)
