"""The answer in short, for the first lines of every report: what breaks it, what mends it, how sure.

One population has one count here: that of the script as it is, beside that of the repaired script.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from unstuck.result.results import BY_HEART, Arm, FindingInfo, Location, Repair, Result

from . import horizon, words
from .causes import (
    cause_groups,
    company_groups,
    cures,
    findings_for,
    findings_here,
    put_back,
    too_short,
)
from .lists import NOUNS, named
from .repairs import diff_lines, purpose
from .source import fix_of, line_of
from .verdict import HEALTHY, has_cause, placebo_worked

_BROKEN = 3
"""Most changes of a repair that are told one by one."""


@dataclass(frozen=True, kw_only=True)
class Rate:
    """How many of so many trainings learn, and their share."""

    share: float
    successes: int
    replicas: int

    def __str__(self) -> str:
        return words.of(self.successes, self.replicas)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the short report says, in the order in which it is said.

    - `why`: a sentence for each thing that is broken, with its place.
    - `facts`: what is certain and not explained by that; beside a cure, only what asks its author
      something about the data.
    - `cure`: the change is enough, not only a help; `change` names it where no diff does, `diff` has
      its lines, each with its sign, `purpose` what it leaves as it is.
    - `before`, `after`: as the script is, and with the change; `rates` says both.
    - `suspects`: what it is, what helps too, what it is not, what can stay.
    """

    why: tuple[tuple[str, Location | None], ...] = ()
    facts: tuple[FindingInfo, ...] = ()
    cure: bool = False
    change: str = ""
    rates: str = ""
    purpose: str = ""
    diff: tuple[str, ...] = ()
    before: Rate | None = None
    after: Rate | None = None
    suspects: tuple[tuple[str, tuple[str, ...]], ...] = ()


def answer(result: Result) -> Answer:
    """The answer of a diagnosis; only what is certain where nothing is broken or nothing is known."""
    if placebo_worked(result) is not None:
        return Answer()
    if result.outcome in HEALTHY and not has_cause(result):
        return Answer(facts=result.facts)
    arms = _guilty(result)
    why = [(f"{words.first_upper(_mechanism(arm))}." if len(arms) == 1
            else _one_of_several(result, arm), arm.location) for arm in arms[:_BROKEN]]
    if len(arms) > _BROKEN:
        why.append((f"And {len(arms) - _BROKEN} more, which the change has.", None))
    best = result.repairs[0] if result.repairs else None
    cure = best is not None and cures(best)
    explained = [fact for arm in arms for fact in findings_for(result, arm)]
    told = Answer(
        why=tuple(why), cure=cure,
        facts=tuple(fact for fact in result.facts
                    if (_is_a_question(fact) if cure else fact not in explained)),
        suspects=tuple(_suspects(result)))
    if best is not None:
        return _with_repair(told, best, result)
    return _with_help(told, arms[0], result) if arms else told


def _is_a_question(fact: FindingInfo) -> bool:
    """True of what is odd about the data and no change of ours answers, only their author."""
    return fact.family in ("data", "labels") and not fact.kinds and fact.untried is None


def _with_repair(told: Answer, repair: Repair, result: Result) -> Answer:
    control = result.population
    before = Rate(share=control.success_rate, successes=control.successes, replicas=control.replicas)
    after = Rate(share=repair.success_rate, successes=repair.successes, replicas=repair.replicas)
    names = words.listed([*repair.interventions, *repair.beside])
    return replace(
        told, before=before, after=after, diff=tuple(diff_lines(repair)),
        change="" if repair.edits is not None else f"{words.first_upper(names)}.",
        rates=f"{_rates(result, after)}{horizon.too_early(repair)}",
        purpose=f"{words.first_upper(purpose(repair, result))}.{_by_heart(result)}")


def _by_heart(result: Result) -> str:
    return " These rows are learned by heart: of other rows this says nothing." if (
        result.goal.asked == BY_HEART) else ""


def _with_help(told: Answer, arm: Arm, result: Result) -> Answer:
    before = Rate(share=arm.control_rate, successes=round(arm.control_rate * arm.replicas),
                  replicas=arm.replicas)
    after = Rate(share=arm.success_rate, successes=arm.successes, replicas=arm.replicas)
    return replace(
        told, before=before, after=after, change=f"{words.first_upper(named(arm))}.",
        diff=tuple(f"+{line}" for line in fix_of(result, arm) or ()),
        rates=_rates(result, after, before),
        purpose="That is no cure yet.")


def _rates(result: Result, after: Rate, before: Rate | None = None) -> str:
    """How often it learns with the change; and without, where the headline has not said that."""
    without = "" if before is None else f", without it {before} ({words.percent(before.share)})"
    return f"With it {after} learn ({words.percent(after.share)}){without}{horizon.aside(result)}."


def _guilty(result: Result) -> list[Arm]:
    """The changes that the report is about: of the first repair, or else the strongest cause's."""
    by_name = {arm.intervention: arm for arm in result.arms}
    if result.repairs:
        found = [by_name[name] for name in result.repairs[0].interventions if name in by_name]
        return sorted(found, key=lambda arm: line_of(arm) or 0)
    groups = (*cause_groups(result), *company_groups(result))
    return [group[0] for group in groups[:1]]


def _mechanism(arm: Arm) -> str:
    """What kind of fault that is; where no check knows it, what kind of thing is at fault."""
    if arm.title != arm.intervention:
        return arm.title.rstrip(".")
    return f"what holds it back is {NOUNS.get(arm.kind, arm.intervention)}"


def _one_of_several(result: Result, arm: Arm) -> str:
    """One change of a set: where, what, and what is lost without it."""
    line = line_of(arm)
    where = "" if line is None or f" in line {line}:" in arm.intervention else f"Line {line}: "
    lost = put_back(result.repairs[0] if result.repairs else None, arm.intervention)
    without = "" if lost is None else f" Without it {words.percent(lost.without)} learn."
    early = too_short(result, result.repairs[0], arm.intervention) if result.repairs else None
    if early is not None and early.whole is not None:
        without = f" Without it {words.of(*early.whole)} learn to the end."
    known = arm.title != arm.intervention and findings_here(result, arm)
    why = f" {words.first_upper(_mechanism(arm))}." if known else ""
    return f"{words.first_upper(f'{where}{arm.intervention}')}.{why}{without}"


def _suspects(result: Result) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each of the usual suspects in half a line: guilty, helpful, cleared."""
    proved = list(_proved_kinds(result))
    guilty = {kind for kinds, _ in proved for kind in kinds}
    helps = dict.fromkeys(_suspect(arm.kind) for arm in result.by_verdict("contributes")
                          if arm.kind in NOUNS and arm.kind not in guilty)
    cleared = {by: tuple(_suspect(entry.kind) for entry in result.cleared
                         if entry.by == by and entry.kind in NOUNS) for by in ("trial", "repair")}
    for label, items in (("It is", tuple(told for _, told in proved)), ("Helps too", tuple(helps)),
                         ("It is not", cleared["trial"]), ("Can stay", cleared["repair"])):
        if items:
            yield label, items


def _proved_kinds(result: Result) -> Iterator[tuple[set[str], str]]:
    """The kinds of things that are guilty, and how they are called: alone, or in which company."""
    seen = set()
    for arm in result.causes:
        if arm.kind in NOUNS and arm.kind not in seen:
            seen.add(arm.kind)
            yield {arm.kind}, _suspect(arm.kind)
    for group in company_groups(result):
        arms = [arm for arm in group if arm.kind in NOUNS and arm.kind not in seen]
        if arms:
            seen.update(arm.kind for arm in arms)
            nouns = words.listed(list(dict.fromkeys(_suspect(arm.kind) for arm in arms)))
            others = [name for name in arms[0].company
                      if name not in {arm.intervention for arm in group}]
            together = f"with {words.listed(others)}" if others else "together"
            yield {arm.kind for arm in arms}, (
                f"{nouns} ({together})" if others or len(group) > 1 else nouns)


def _suspect(kind: str) -> str:
    """A kind of thing in a list: "epochs", where a sentence has "the number of epochs"."""
    return NOUNS[kind].removeprefix("the ").removeprefix("number of ")
