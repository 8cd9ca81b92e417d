"""One plain message for each thing that was found, for reports that point at lines.

Levels are those of both SARIF and GitHub, up to the name of the lowest: a proved cause is an error,
a contribution a warning, a fact a note.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from unstuck.results import Arm, Location, Result

from . import _words as words
from ._causes import findings_for, name_of, proof
from ._verdict import has_cause, placebo_worked, verdict

Level = Literal["error", "warning", "note"]


@dataclass(frozen=True, kw_only=True)
class Message:
    """A finding in one text, at a place where it has one; `arm` where a trial stands behind it."""

    name: str
    level: Level
    text: str
    location: Location | None = None
    arm: Arm | None = None


def messages(result: Result) -> Iterator[Message]:
    """What was found: causes, company, contributions, then facts that none of these explains."""
    if placebo_worked(result) is None:
        for arm in (*result.causes, *result.by_verdict("needs company")):
            yield _of_arm(result, arm, "error")
        for arm in result.by_verdict("contributes"):
            yield _of_arm(result, arm, "warning")
    proved = {name for arm in (*result.causes, *result.by_verdict("needs company"))
              for name in arm.checks}  # fmt: skip
    for fact in result.facts:
        if fact.check not in proved:
            yield Message(name=fact.check, level="note", text=fact.message, location=fact.location)


def summary(result: Result) -> str:
    """The verdict in one line, with the smallest repair where there is one."""
    word, sentence = verdict(result)
    text = f"{word}. {sentence}"
    if result.repairs and has_cause(result):
        best = result.repairs[0]
        names = words.listed(list(best.interventions))
        text += f" Smallest repair: {names}; {words.repair_rate(best)} on fresh seeds."
    return text.replace(words.NBSP, " ")


def _of_arm(result: Result, arm: Arm, level: Level) -> Message:
    seen = " ".join(finding.message for finding in findings_for(result, arm))
    proved = ", ".join(proof(arm, 0))
    text = f"{arm.title.rstrip('.')}. "
    if seen:
        text += f"Seen: {seen} "
    text += f"{_role(arm)}: {arm.intervention}, nothing else changed: {proved}."
    name = name_of(result, arm) or arm.kind
    text = text.replace(words.NBSP, " ")
    return Message(name=name, level=level, text=text, location=arm.location, arm=arm)


def _role(arm: Arm) -> str:
    if arm.verdict == "needs company":
        return f"Needs company ({words.listed(list(arm.company))})" if arm.company else "Alone"
    return "Proof" if arm.verdict == "cause" else "Contributes"
