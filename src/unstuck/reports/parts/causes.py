"""The blocks of what was proved: causes, and changes that cure only together.

What was *seen* (findings) and what was *proved* (trials) stand on lines of their own, never mixed.
Changes that cure one sickness at one place share a block, the strongest first.
"""

from __future__ import annotations

from collections.abc import Sequence

from unstuck.result.results import Arm, FindingInfo, PutBack, Repair, Result

from . import words
from .horizon import aside
from .source import excerpt, fix_of, line_of
from .text_page import Line, Page

_BLOCKS = 3
_LABEL = 10

CURES = 0.95
"""Share of trainings that has to learn for a change, or a set of them, to be enough."""
HIDDEN = "hidden cause"
"""What a change is called that cures only in the company of others: they hide it, and it hides them."""

Group = tuple[Arm, ...]


def findings_for(result: Result, arm: Arm) -> list[FindingInfo]:
    """What was seen that suggested an arm.

    What was seen at the arm's own place counts; failing that, what no other arm's place claims.
    """
    found = [f for f in (*result.facts, *result.suspicions) if f.check in arm.checks]
    return findings_here(result, arm) or [
        f for f in found if not any(_covers(f, other) for other in result.arms)]


def findings_here(result: Result, arm: Arm) -> list[FindingInfo]:
    """What was seen at an arm's own place."""
    return [f for f in (*result.facts, *result.suspicions) if _covers(f, arm)]


def _covers(finding: FindingInfo, arm: Arm) -> bool:
    """True where an arm changes something in the lines that a finding of its checks is about."""
    place, line = finding.location, line_of(arm)
    if place is None or line is None or finding.check not in arm.checks:
        return False
    return place.line <= line <= place.end_line


def name_of(result: Result, arm: Arm) -> str | None:
    """The check whose finding suggested an arm; None where none did, but the search tried it."""
    known = {finding.check for finding in (*result.facts, *result.suspicions)}
    return next((check for check in arm.checks if check in known), None)


def cause_groups(result: Result) -> list[Group]:
    """The causes, those of one sickness at one line together, strongest first."""
    groups: dict[tuple[str, int | None], list[Arm]] = {}
    for arm in result.causes:
        key = name_of(result, arm) or arm.kind
        groups.setdefault((key, line_of(arm)), []).append(arm)
    return [tuple(group) for group in groups.values()]


def company_groups(result: Result) -> list[Group]:
    """The sets that cure only together: of each the arms that do nothing alone."""
    groups: dict[frozenset[str], list[Arm]] = {}
    for arm in result.by_verdict("needs company"):
        groups.setdefault(frozenset({arm.intervention, *arm.company}), []).append(arm)
    return [tuple(group) for group in groups.values()]


def shown_blocks(result: Result, detailed: bool = False) -> tuple[list[Group], list[Group]]:
    """The causes and the companies that get a block: three in all, or every one with -vv."""
    causes, companies = cause_groups(result), company_groups(result)
    if detailed:
        return causes, companies
    return causes[:_BLOCKS], companies[: max(_BLOCKS - len(causes), 0)]


def proof(arm: Arm, detailed: bool = False) -> list[str]:
    """What changing only this did: rates, effect, and which trainings it turned."""
    before, after = words.percent(arm.control_rate), words.percent(arm.success_rate)
    of = f"of{words.NBSP}{words.count(arm.replicas, 'training')}"
    items = [f"{before} → {after} {of}", words.effect(arm, unit=True), words.turned(arm)]
    return [*items, words.p_values(arm)] if detailed else items


def blocks(page: Page, result: Result) -> None:
    """What was proved: a block each for the strongest, a line each for the others."""
    causes, companies = shown_blocks(result, page.look.detailed)
    for group in causes:
        _heading(page, "cause", [name_of(result, group[0])], group[0].title)
        _block(page, result, group)
    for group in companies:
        _company(page, result, group)
    page.blank()
    items = [f"{g[0].intervention}: {words.effect(g[0])}" for g in cause_groups(result)]
    _rest(page, "Causes too", items[len(causes) :])
    items = [_in_short(result, group) for group in company_groups(result)]
    _rest(page, "Hidden causes", items[len(companies) :])


def _heading(page: Page, verdict: str, checks: Sequence[str | None], title: str) -> None:
    names = ", ".join(dict.fromkeys(filter(None, checks)))
    page.blank()
    page.paragraph((verdict, "bold red"), (f"[{names}]" if names else "", "bold"), ": ",
                   (title, "bold"), hang=2)  # fmt: skip


def _rest(page: Page, label: str, items: list[str]) -> None:
    if items:
        page.paragraph(*items, separator=" · ", indent=16, first=(label, "bold red"))


def _block(page: Page, result: Result, group: Group) -> None:
    arm, detailed = group[0], page.look.detailed
    if arm.location is not None:
        excerpt(page, result, arm.location)
    _seen(page, findings_for(result, arm))
    _labelled(page, "proof", f"{arm.intervention}, nothing else changed{aside(result)}:")
    page.paragraph(*proof(arm, detailed), separator=" · ", indent=_LABEL)
    for other in group[1:]:
        items = [f"{other.intervention}: {proof(other, detailed)[0]}", *proof(other, detailed)[1:]]
        page.paragraph(*items, separator=" · ", indent=_LABEL, first=("  or", "cyan"))
    _fix(page, result, arm)


def _seen(page: Page, findings: Sequence[FindingInfo]) -> None:
    for finding in findings:
        _labelled(page, "seen", finding.message)
        if page.look.detailed:
            evidence(page, finding, indent=_LABEL)


def evidence(page: Page, finding: FindingInfo, *, indent: int) -> None:
    """The measured quantities beside their thresholds."""
    for item in finding.evidence:
        unit = f" {item.unit}" if item.unit else ""
        text = f"{item.quantity}: {words.number(item.value)}{unit}"
        if item.threshold is not None:
            text += f", limit {words.number(item.threshold)}{unit}"
        if item.replicas is not None and item.of is not None:
            text += f", in {words.of(item.replicas, item.of)} trainings"
        page.paragraph((text, "dim"), indent=indent)


def _fix(page: Page, result: Result, arm: Arm) -> None:
    lines = fix_of(result, arm)
    if lines is None:
        by_hand = f"{arm.intervention}: by hand, for no edit of the script is safe"
        _labelled(page, "fix", by_hand)
        return
    added = arm.added_parameters
    note = f"adds {words.count(added, 'parameter')}".replace(" ", words.NBSP) if added > 0 else ""
    for number, line in enumerate(lines):
        last = number == len(lines) - 1
        page.paragraph((line, "green"), (f"   ({note})" if last and note else "", "dim"),
                       indent=_LABEL, first=("  fix" if number == 0 else "", "cyan"))  # fmt: skip


def _labelled(page: Page, label: str, *parts: Line) -> None:
    page.paragraph(*parts, indent=_LABEL, first=(f"  {label}", "cyan"))


def _company(page: Page, result: Result, members: Group) -> None:
    names = [name_of(result, member) for member in members]
    _heading(page, HIDDEN, names, company_sentence(members, cure_of(result, members)))
    for member in members:
        if member.location is not None:
            excerpt(page, result, member.location)
        _seen(page, findings_for(result, member))
        if member.replicas:
            _labelled(page, "alone", f"{member.intervention}, nothing else changed:")
            page.paragraph(*proof(member, page.look.detailed), separator=" · ", indent=_LABEL)
        lost = put_back(cure_of(result, members), member.intervention)
        if lost is not None:
            _labelled(page, "undone", f"{member.intervention} put back, the rest of the repair kept:")
            page.paragraph(*without(lost, page.look.detailed), separator=" · ", indent=_LABEL)
    repair = cure_of(result, members)
    if repair is not None:
        whole = "both" if len(repair.interventions) == 2 else "all"
        _labelled(page, whole, f"{words.repair_rate(repair)} on fresh seeds{aside(result)}")


def put_back(repair: Repair | None, intervention: str) -> PutBack | None:
    """What a repair loses without one of its changes; `None` where that was not tried."""
    if repair is None or not repair.put_back:
        return None
    return repair.put_back[repair.interventions.index(intervention)]


def without(lost: PutBack, detailed: bool = False) -> list[str]:
    """The rates with all of a repair and without one of its changes."""
    of = f"of{words.NBSP}{words.count(lost.replicas, 'training')}"
    items = [f"{words.percent(lost.whole)} → {words.percent(lost.without)} {of}"]
    if detailed:
        items += [words.points(lost.whole - lost.without, lost.ci95, unit=True), words.p_values(lost)]
    return items


def cures(repair: Repair) -> bool:
    """True for one with which about all learn, also to the end, where trainings went there."""
    return repair.success_rate >= CURES and repair.lasts


def too_short(result: Result, repair: Repair, name: str) -> Repair | None:
    """The repair without one of its changes, where that one does not last."""
    rest = {*repair.interventions} - {name}
    return next((r for r in result.repairs if {*r.interventions} == rest and not r.lasts), None)


def cure_of(result: Result, members: Group) -> Repair | None:
    """The repair that these are part of, where it is offered as it is."""
    names = {members[0].intervention, *members[0].company}
    return next((r for r in result.repairs if set(r.interventions) == names), None)


def _others(members: Group) -> list[str]:
    """The rest of the set, which does something alone too."""
    alone = {member.intervention for member in members}
    return [name for name in members[0].company if name not in alone]


def company_sentence(members: Group, repair: Repair | None) -> str:
    """What the members of a set do alone, and together in that repair."""
    others, cure = _others(members), repair is None or cures(repair)
    with_others = f" with {words.listed(others)}" if others else ""
    if len(members) == 1:
        return (f"alone it is not shown to help; together{with_others} it"
                f" {'cures' if cure else 'helps'}")
    return (f"alone none is shown to help; together{with_others} they"
            f" {'cure' if cure else 'help'}")


def _in_short(result: Result, members: Group) -> str:
    names = words.listed([member.intervention for member in members])
    others = _others(members)
    text = f"{names} with {words.listed(others)}" if others else names
    repair = cure_of(result, members)
    return text if repair is None else f"{text}: {words.repair_rate(repair)}"
