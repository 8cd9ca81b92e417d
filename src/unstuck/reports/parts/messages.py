"""One plain message for each thing that was found, for reports that point at lines.

Levels are those of both SARIF and GitHub, up to the name of the lowest: a proved cause is an error,
a contribution a warning, a fact a note.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from unstuck.result.results import Arm, EditInfo, Location, Result

from . import words
from .causes import cause_groups, cure_of, findings_for, name_of, proof, put_back, without
from .horizon import aside, too_early
from .verdict import has_cause, placebo_worked, verdict

Level = Literal["error", "warning", "note"]


@dataclass(frozen=True, kw_only=True)
class Fix:
    """Edits of the script that can be taken together."""

    text: str
    edits: tuple[EditInfo, ...]


@dataclass(frozen=True, kw_only=True)
class Message:
    """A finding in one text, at its place, or at the `fit` where it has none of its own.

    `check` is the check that has a page on it, `rule` what it is about where none has; `arm` the
    strongest trial behind it.
    """

    name: str
    level: Level
    text: str
    check: str | None = None
    location: Location | None = None
    line: int | None = None
    arm: Arm | None = None
    fixes: tuple[Fix, ...] = ()
    rule: str = ""


def messages(result: Result) -> Iterator[Message]:
    """What was found: causes, company, contributions, then facts that none of these explains."""
    if placebo_worked(result) is None:
        for group in cause_groups(result):
            yield _of_arms(result, group, "error")
        for arm in result.by_verdict("needs company"):
            yield _of_arms(result, (arm,), "error")
        for arm in result.by_verdict("contributes"):
            yield _of_arms(result, (arm,), "warning")
    proved = {name for arm in result.proved for name in arm.checks}
    for fact in result.facts:
        if fact.check not in proved:
            yield Message(name=fact.check, check=fact.check, level="note", text=fact.message,
                          location=fact.location, line=_line(result, fact.location))  # fmt: skip


def summary(result: Result) -> str:
    """The verdict in one line, with the smallest repair where there is one."""
    word, sentence = verdict(result)
    text = f"{word}. {sentence}"
    if result.repairs and has_cause(result):
        best = result.repairs[0]
        names = words.listed(list(best.interventions))
        least = min(len(repair.interventions) for repair in result.repairs)
        kind = "Smallest repair" if len(best.interventions) == least else "Best repair"
        kind = kind if best.lasts else "Helps at first"
        text += (f" {kind}: {names}; {words.repair_rate(best)} on fresh seeds{aside(result)}."
                 f"{too_early(best)}")
    return text.replace(words.NBSP, " ")


def _of_arms(result: Result, group: tuple[Arm, ...], level: Level) -> Message:
    first = group[0]
    seen = " ".join(dict.fromkeys(finding.message for arm in group
                                  for finding in findings_for(result, arm)))  # fmt: skip
    proved = "; or ".join(
        f"{arm.intervention}{f', nothing else changed{aside(result)}' if arm is first else ''}:"
        f" {', '.join(proof(arm))}" for arm in group if arm.replicas)
    lost = put_back(cure_of(result, group), first.intervention)
    back = "" if lost is None else f"put back in the repaired script: {without(lost)[0]}"
    text = "" if first.title == first.intervention else f"{first.title.rstrip('.')}. "
    text += f"Seen: {seen} " if seen else ""
    text += f"{_role(first)}: {'; '.join(filter(None, (proved, back)))}."
    check = name_of(result, first)
    return Message(
        name=check or first.kind.replace("_", "-"), check=check, level=level,
        text=text.replace(words.NBSP, " "), location=first.location,
        line=_line(result, first.location), arm=first, fixes=tuple(_fixes(result, group)),
    )  # fmt: skip


def _line(result: Result, location: Location | None) -> int | None:
    return result.fit.line if location is None else location.line


def _fixes(result: Result, group: Sequence[Arm]) -> Iterator[Fix]:
    """What may be done: the changes that help alone, then the repairs that they are part of."""
    for arm in group:
        if arm.verdict != "needs company" and arm.edits:
            yield Fix(text=arm.intervention, edits=arm.edits)
    own = {arm.intervention for arm in group}
    for repair in result.repairs:
        if len(repair.interventions) > 1 and own & set(repair.interventions) and repair.edits:
            yield Fix(text=words.listed(list(repair.interventions)), edits=repair.edits)


def _role(arm: Arm) -> str:
    if arm.verdict == "needs company":
        return f"Cures only with {words.listed(list(arm.company))}; alone"
    return "Proof" if arm.verdict == "cause" else "Contributes"
