"""The answer in some ten lines: what breaks it, where, what mends it, how sure, and what it is not.

All of it is in the full report too (-v), which has the proofs. Here one population has one count: that
of the script as it is, beside that of the repaired script.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from unstuck.result.results import Arm, FindingInfo, Repair, Result

from . import horizon, words
from .causes import CURES, cause_groups, company_groups, findings_for, findings_here, put_back
from .lists import NOUNS, named
from .repairs import diff_lines, lines_of_diff, not_tried_yet, purpose
from .source import excerpt, fix_of, line_of, place, script_name
from .text_page import Page
from .verdict import HEADLINES, HEALTHY, has_cause, placebo_worked, sentence, tried, why_not

_INDENT = 11
_LINES = 12
"""Most lines of a diff; the rest is in the full report."""
_BROKEN, _FACTS = 3, 2


def brief(page: Page, result: Result, style: str) -> None:
    """The whole short report, up to the commands; `style` is the verdict's."""
    _headline(page, result, style)
    if placebo_worked(result) is not None:
        page.paragraph("Another draw of the shuffle alone changes the result. So trainings of this"
                       " script cannot be compared, and no cause is named.")
    elif result.outcome in HEALTHY and not has_cause(result):
        _healthy(page, result)
    else:
        _broken(page, result)
        _mended(page, result)
        _suspects(page, result)
    for note in result.notes:
        page.paragraph(("note", "bold cyan"), f": {note}", hang=2)


def _headline(page: Page, result: Result, style: str) -> None:
    line = "" if result.fit.line is None else f":{result.fit.line}"
    call = " ".join(result.fit.call.split())
    where = f"{script_name(result)}{line}"
    page.line((where, "bold"), "  ", page.cropped(call, page.width - len(where) - 2))
    said = sentence(result)
    if not has_cause(result) and result.outcome not in HEALTHY:
        said = f"{said} {why_not(result)}".strip()
    page.paragraph((f"{HEADLINES[result.outcome]}.", style), f" {words.without_interval(said)}")
    for told in horizon.in_short(result):
        page.paragraph(told)


def _healthy(page: Page, result: Result) -> None:
    changes = tried(result)
    looked = f", though {words.count(changes, 'change')} were tried" if changes else ""
    page.paragraph(f"Nothing was found that keeps it from {horizon.learning(result)}{looked}.")
    _facts(page, result, result.facts)


def _broken(page: Page, result: Result) -> None:
    """What breaks it: what the repair changes, or else the strongest cause, or what is certain."""
    arms = _guilty(result)
    page.blank()
    if len(arms) == 1:
        page.paragraph(f"{_mechanism(arms[0])}.", indent=_INDENT, first=("Why", "bold red"))
        if arms[0].location is not None:
            excerpt(page, result, arms[0].location, indent=_INDENT)
    for number, arm in enumerate(arms[:_BROKEN] if len(arms) > 1 else ()):
        label = ("Why", "bold red") if number == 0 else ""
        page.paragraph(_one_of_several(result, arm), indent=_INDENT, first=label)
    if len(arms) > _BROKEN:
        page.paragraph(f"and {len(arms) - _BROKEN} more, which the change below has", indent=_INDENT)
    if not result.repairs or result.repairs[0].success_rate < CURES:
        explained = [fact for arm in arms for fact in findings_for(result, arm)]
        _facts(page, result, [fact for fact in result.facts if fact not in explained])


def _guilty(result: Result) -> list[Arm]:
    """The changes that the report is about, as arms: of the first repair, or else of what is proved."""
    by_name = {arm.intervention: arm for arm in result.arms}
    if result.repairs:
        return [by_name[name] for name in result.repairs[0].interventions if name in by_name]
    groups = (*cause_groups(result), *company_groups(result))
    return [group[0] for group in groups[:1]]


def _mechanism(arm: Arm) -> str:
    """What kind of fault that is; where no check knows it, what it is about."""
    if arm.title != arm.intervention:
        return arm.title.rstrip(".")
    return _first_upper(NOUNS.get(arm.kind, arm.intervention))


def _one_of_several(result: Result, arm: Arm) -> str:
    """One change of a set: where, what, and what is lost without it."""
    where = "" if line_of(arm) is None else f"Line {line_of(arm)}: "
    lost = put_back(result.repairs[0] if result.repairs else None, arm.intervention)
    without = "" if lost is None else f"; without it {words.percent(lost.without)} of trainings learn"
    why = f": {_first_lower(_mechanism(arm))}" if findings_here(result, arm) else ""
    return f"{where}{arm.intervention}{why}{without}."


def _facts(page: Page, result: Result, facts: Sequence[FindingInfo]) -> None:
    for fact in facts[:_FACTS]:
        where = f" ({place(result, fact.location)})" if fact.location is not None else ""
        page.paragraph(fact.message, (where, "dim"), indent=_INDENT, first=("Certain", "bold cyan"))
        not_tried_yet(page, fact, indent=_INDENT)
    if len(facts) > _FACTS:
        page.paragraph(f"and {words.count(len(facts) - _FACTS, 'more fact')} with -v", indent=_INDENT)


def _mended(page: Page, result: Result) -> None:
    """The change as a diff, and how often it learns with it and without."""
    if result.repairs:
        _repair(page, result, result.repairs[0])
        return
    for arm in _guilty(result)[:1]:
        lines = fix_of(result, arm)
        page.blank()
        page.paragraph(f"{named(arm)}: {words.percent(arm.success_rate)} of trainings learn with it,"
                       f" {words.percent(arm.control_rate)} without; that is no cure yet.",
                       indent=_INDENT, first=("Helps", "bold yellow"))
        for line in (lines or [])[:_LINES]:
            page.paragraph((line, "green"), indent=_INDENT, first=("  +", "green"))


def _repair(page: Page, result: Result, repair: Repair) -> None:
    control = result.population
    cure = repair.success_rate >= CURES
    page.blank()
    label = ("Change" if cure else "Helps", "bold green" if cure else "bold yellow")
    hand = "" if repair.edits is not None else (
        f"{words.listed([*repair.interventions, *repair.beside])}. ")
    page.paragraph(
        f"{hand}{words.percent(repair.success_rate)} of trainings learn with it"
        f" ({words.of(repair.successes, repair.replicas)}),"
        f" {words.percent(control.success_rate)} without"
        f" ({words.of(control.successes, control.replicas)}){horizon.aside(result)}."
        f" {_first_upper(purpose(repair, result))}.", indent=_INDENT, first=label)
    lines = list(diff_lines(repair))
    lines_of_diff(page, lines[:_LINES])
    if len(lines) > _LINES:
        page.paragraph(f"and {words.count(len(lines) - _LINES, 'more line')} with -v", indent=4)


def _suspects(page: Page, result: Result) -> None:
    """Each of the usual suspects in half a line: guilty, helpful, cleared."""
    guilty = dict(_proved_kinds(result))
    _line(page, "It is", guilty.values(), "bold red")
    helps = [NOUNS[kind] for kind in _kinds(result.by_verdict("contributes")) if kind not in guilty]
    _line(page, "Helps too", helps, "bold yellow")
    cleared = {by: [NOUNS[entry.kind] for entry in result.cleared
                    if entry.by == by and entry.kind in NOUNS] for by in ("trial", "repair")}
    _line(page, "It is not", cleared["trial"], "bold")
    _line(page, "Can stay", cleared["repair"], "bold")


def _proved_kinds(result: Result) -> Iterator[tuple[str, str]]:
    """Each kind of thing that is guilty, and what shows it."""
    seen = set()
    for arm in result.causes:
        if arm.kind in NOUNS and arm.kind not in seen:
            seen.add(arm.kind)
            yield arm.kind, (f"{NOUNS[arm.kind]} ({arm.intervention}:"
                             f" {words.percent(arm.success_rate)})")
    for arm in result.by_verdict("needs company"):
        if arm.kind in NOUNS and arm.kind not in seen:
            seen.add(arm.kind)
            others = [name for name in arm.company if name != arm.intervention]
            yield arm.kind, f"{NOUNS[arm.kind]} (with {words.listed(others)})" if others else (
                NOUNS[arm.kind])


def _kinds(arms: Sequence[Arm]) -> list[str]:
    return list(dict.fromkeys(arm.kind for arm in arms if arm.kind in NOUNS))


def _line(page: Page, label: str, items: Iterable[str], style: str) -> None:
    given = list(items)
    if given:
        page.paragraph(*given, separator=",", indent=_INDENT, first=(label, style))


def _first_lower(text: str) -> str:
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


def _first_upper(text: str) -> str:
    return text[:1].upper() + text[1:]
