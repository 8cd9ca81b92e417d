"""The answer in some ten lines of text. All of it is in the full report too (-v), with the proofs."""

from __future__ import annotations

from unstuck.result.results import FindingInfo, Result

from . import horizon, words
from .answer import Answer, answer
from .repairs import lines_of_diff, not_tried_yet, unified_diff
from .source import excerpt, place, script_name
from .text_page import Page
from .verdict import HEALTHY, has_cause, nothing_found, placebo_worked, verdict

_INDENT = 11
_LINES = 12
"""Most lines of a diff; the rest is in the full report."""
_FACTS = 2
_STYLES = {"It is": "bold red", "Helps too": "bold yellow"}


def brief(page: Page, result: Result, style: str) -> None:
    """The whole short report, up to the commands; `style` is the verdict's."""
    _headline(page, result, style)
    told = answer(result)
    if placebo_worked(result) is not None:
        page.paragraph("Another draw of the shuffle alone changes the result. So trainings of this"
                       " script cannot be compared, and no cause is named.")
    elif result.outcome in HEALTHY and not has_cause(result):
        page.paragraph(nothing_found(result))
        _facts(page, result, told)
    else:
        _broken(page, result, told)
        _mended(page, result, told)
        _suspects(page, told)
    for note in result.notes:
        page.paragraph(("note", "bold cyan"), f": {note}", hang=2)


def _headline(page: Page, result: Result, style: str) -> None:
    line = "" if result.fit.line is None else f":{result.fit.line}"
    call = " ".join(result.fit.call.split())
    where = f"{script_name(result)}{line}"
    page.line((where, "bold"), "  ", page.cropped(call, page.width - len(where) - 2))
    word, said = verdict(result, luck=False)
    page.paragraph((f"{word}.", style), f" {words.without_interval(said)}")
    for told in horizon.in_short(result):
        page.paragraph(told)


def _broken(page: Page, result: Result, told: Answer) -> None:
    page.blank()
    for number, (why, where) in enumerate(told.why):
        page.paragraph(why, indent=_INDENT, first=("Why", "bold red") if number == 0 else "")
        if where is not None and len(told.why) == 1:
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


def _mended(page: Page, result: Result, told: Answer) -> None:
    """How often it learns with the change and without, and the change as a diff."""
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
    code = [line for line in told.diff if not line[1:].lstrip().startswith("#")]
    lines_of_diff(page, code[:_LINES])
    if len(code) > _LINES:
        page.paragraph(f"and {words.count(len(code) - _LINES, 'more line')} with -v", indent=4)


def _suspects(page: Page, told: Answer) -> None:
    """Each of the usual suspects; what is cleared, by a trial or by the repair, in one line."""
    suspects = dict(told.suspects)
    stays = suspects.pop("Can stay", ())
    if "It is not" in suspects and stays:
        *others, last = suspects["It is not"]
        suspects["It is not"] = (*others, f"{last}. Can stay: {stays[0]}", *stays[1:])
    elif stays:
        suspects["Can stay"] = stays
    for label, items in suspects.items():
        page.paragraph(*items, separator=",", indent=_INDENT,
                       first=(label, _STYLES.get(label, "bold")))
