"""The short lists: contributes, acquitted, harmful, undecided, not tested, facts, suspicions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from unstuck.result.results import Arm, NotTested, Result

from . import words
from .causes import evidence, findings_for, shown_blocks
from .horizon import aside
from .repairs import not_tried_yet
from .source import line_of, place
from .text_page import Page

_INDENT = 16
_CONTRIBUTIONS = 6
_SHOWN, _KINDS = 3, 5
NOUNS = {
    "activation": "the activation", "loss": "the loss", "learning_rate": "the learning rate",
    "optimizer": "the optimizer", "epochs": "the number of epochs",
    "batch_size": "the batch size", "initializer": "the initializer",
    "input_scale": "the scale of the inputs", "target_encoding": "the coding of the targets",
    "labels": "the labels", "capacity": "the size of the network",
    "validation_split": "the validation split", "shuffle": "the shuffle", "metric": "the metric",
    "regularization": "the regularization", "normalization": "the normalization",
    "clipping": "the clipping", "architecture": "the architecture",
}  # fmt: skip
"""What kinds of changes are about, in a sentence."""


def lists(page: Page, result: Result) -> None:
    """What else was tried, by verdict, and what was not."""
    page.blank()
    _contributes(page, result.by_verdict("contributes"))
    things, changes = acquittals(result)
    _list(page, "It is not", things)
    kept = left_as_it_is(result)
    _list(page, "Leave as is", [kept] if kept else [])
    _short(page, "No effect", changes)
    _short(page, "Alone, none", no_effect_alone(result))
    harmful = [f"{named(arm)}: {words.percent(arm.success_rate)}, {words.effect(arm)}"
               for arm in reversed(result.by_verdict("harmful"))]  # fmt: skip
    _short(page, "Makes it worse", harmful)
    _list(page, "Undecided", undecided(result))
    _short(page, "Not tested", [
        f"{what}: {reason}" for what, reason in untested(result, page.look.detailed)])


def named(arm: Arm) -> str:
    """A change and its line."""
    line = line_of(arm)
    known = line is None or f"line {line}" in arm.intervention
    return arm.intervention if known else f"{arm.intervention} (line{words.NBSP}{line})"


def acquittals(result: Result) -> tuple[list[str], list[str]]:
    """Things that their own trials have cleared, and other single changes that had no effect.

    Of several changes to a thing, the one that might yet do most is given, with its interval.
    """
    cleared = {entry.kind for entry in result.cleared if entry.by == "trial"}
    by_kind: dict[str, list[Arm]] = {}
    for arm in result.by_verdict("acquitted"):
        by_kind.setdefault(arm.kind, []).append(arm)
    things, changes = [], []
    for kind, arms in by_kind.items():
        if kind not in cleared or kind not in NOUNS:
            changes += [f"{arm.intervention}: {words.effect(arm)}" for arm in arms]
            continue
        most = max(arms, key=lambda arm: arm.ci95[1])
        several = f"best of {len(arms)}, " if len(arms) > 1 else ""
        things.append(f"{NOUNS[kind]} ({several}{most.intervention}: {words.effect(most)})")
    placebo = result.placebo
    if placebo is not None and placebo.verdict == "acquitted":
        things.append(f"the draw of the shuffle (placebo: {words.effect(placebo)})")
    return things, changes


def left_as_it_is(result: Result) -> str | None:
    """What the repair leaves as the script has it, so that it need not be changed."""
    kinds = [NOUNS[entry.kind] for entry in result.cleared
             if entry.by == "repair" and entry.kind in NOUNS]
    if not kinds or not result.repairs:
        return None
    best = result.repairs[0]
    return (f"{words.listed(kinds)}: with the repair, {words.of(best.successes, best.replicas)}"
            f" trainings learn with {'it' if len(kinds) == 1 else 'them'} as in your script"
            f"{aside(result)}")


def no_effect_alone(result: Result) -> list[str]:
    """Single changes without effect where another cause may hide what they do."""
    arms = result.by_verdict("no effect alone")
    return [f"{named(arm)}: {words.effect(arm)}" for arm in arms]


def _short(page: Page, title: str, items: Sequence[str]) -> None:
    """The first few of a list, all with -vv."""
    shown = items if page.look.detailed else items[:_SHOWN]
    more = len(items) - len(shown)
    _list(page, title, [*shown, *([f"and {more} more with -vv"] if more else [])])


def untested(result: Result, detailed: bool = False) -> list[tuple[str, str]]:
    """What was not tried, and why: what has one reason together, where it is much by kind and count."""
    by_reason: dict[str, list[NotTested]] = {}
    for entry in result.not_tested:
        by_reason.setdefault(entry.reason, []).append(entry)
    few = len(result.not_tested) if detailed else _SHOWN + 1
    return [(", ".join(e.what for e in entries) if len(entries) <= few else _by_kind(entries), reason)
            for reason, entries in sorted(by_reason.items(), key=lambda item: -len(item[1]))]


def _by_kind(entries: Sequence[NotTested]) -> str:
    """So many changes, and what they are about, most first."""
    counts = Counter(
        "checks" if entry.kind == "check" else "sets of changes" if entry.about is None
        else NOUNS.get(entry.about, "other things") for entry in entries)
    shown = counts.most_common(_KINDS)
    left = len(entries) - sum(count for _, count in shown)
    shown += [("others", left)] * (left > 0)
    parts = [f"{name} {words.count(count)}" for name, count in shown]
    return f"{words.count(len(entries), 'change')} ({', '.join(parts)})"


def undecided(result: Result) -> list[str]:
    """Changes whose effect is open, the placebo among them; what came out alike is said at once."""
    arms = tuple(arm for arm in result.by_verdict("undecided") if arm.replicas)
    if result.placebo is not None and result.placebo.verdict == "undecided":
        arms = (*arms, result.placebo)
    alike: dict[tuple[str, str, str], list[str]] = {}
    for arm in arms:
        needed = "" if arm.to_decide is None else f", about {words.count(arm.to_decide)} would decide"
        alike.setdefault((words.effect(arm), words.count(arm.replicas), needed), []).append(named(arm))
    return [f"{_first(several)}: {effect} in {pairs}{' each' if len(several) > 1 else ''}{needed}"
            for (effect, pairs, needed), several in alike.items()]


def _first(several: Sequence[str]) -> str:
    """The first few of what came out alike, and how many more."""
    more = len(several) - _SHOWN
    return ", ".join(several) if more < 2 else f"{', '.join(several[:_SHOWN])} and {more} more"


def _contributes(page: Page, arms: Sequence[Arm]) -> None:
    shown = arms if page.look.detailed else arms[:_CONTRIBUTIONS]
    for number, arm in enumerate(shown):
        items = [named(arm), words.effect(arm), words.turned(arm)]
        if page.look.detailed:
            items.append(words.p_values(arm))
        label = "contributes" if number == 0 else ""
        page.paragraph(*items, separator=" · ", indent=_INDENT, first=(label, "bold yellow"))
    if len(arms) > len(shown):
        page.paragraph(f"and {words.count(len(arms) - len(shown))} more with -vv", indent=_INDENT)


def _list(page: Page, title: str, items: Iterable[str]) -> None:
    given = list(items)
    if given:
        page.paragraph(*given, separator=" · ", indent=_INDENT, first=(title, "bold"))


def facts(page: Page, result: Result) -> None:
    """What is so without any experiment; what stands in a block is not said again."""
    causes, companies = shown_blocks(result, page.look.detailed)
    in_blocks = [*(group[0] for group in causes), *(arm for group in companies for arm in group)]
    used = {finding for arm in in_blocks for finding in findings_for(result, arm)}
    left = [fact for fact in result.facts if fact not in used]
    page.blank()
    for fact in left:
        where = f" ({place(result, fact.location)})" if fact.location is not None else ""
        page.paragraph(("fact", "bold cyan"), (f"[{fact.check}]", "bold"), ": ", fact.message,
                       (where, "dim"), hang=2)  # fmt: skip
        not_tried_yet(page, fact, indent=2)
        if page.look.detailed:
            evidence(page, fact, indent=2)


def suspicions(page: Page, result: Result) -> None:
    """What was suspected and not shown to be a cause."""
    proved = {name for arm in result.proved for name in arm.checks}
    for finding in result.suspicions:
        if finding.check not in proved:
            page.paragraph(("suspected", "bold"), f"[{finding.check}]: {finding.message}",
                           " No trial has shown it to be a cause.", hang=2)  # fmt: skip
            evidence(page, finding, indent=2)
