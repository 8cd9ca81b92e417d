"""The smallest repair, as a diff and with its measured rate, and the others that work too."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from unstuck.result.results import BY_HEART, FindingInfo, Repair, Result, Untried

from . import words
from .causes import CURES, cures, put_back, too_short
from .horizon import aside, too_early
from .source import script_name
from .text_page import Page
from .verdict import HEALTHY

_ALTERNATIVES = 3
_STYLES = {"+": "green", "-": "red", "@": "cyan"}
_SURE = 16
"""Of so many trainings at least as many have to learn as for a cure, for one change to be enough."""
_AS_OFTEN = 0.02
"""Rates that differ by no more are the same (`search.proof.SAME`)."""
BESIDE = "for you to see it by; no training depends on it"
"""What is said of a change that is written with a repair and that was not tried."""
_FRESH = "measured on fresh seeds, which no search has seen"

_MORE = re.compile(r"^\d+(\.\d+)?")


def repairs(page: Page, result: Result) -> None:
    """The first repair in full, the others in a line each."""
    if not result.repairs:
        return
    best, others = result.repairs[0], result.repairs[1:]
    single = any(len(repair.interventions) == 1 for repair in result.repairs) or any(
        arm.success_rate >= CURES and arm.replicas >= _SURE
        for arm in result.arms if arm.kind != "placebo")
    page.blank()
    size = words.count(len(best.interventions), "change")
    smallest = min(len(repair.interventions) for repair in result.repairs)
    spare = ("with less to spare" if all(repair.lasts for repair in result.repairs)
             else "not to the end")
    if not cures(best):
        lead = f"Helps{'' if best.lasts else ' at first'}, but is no cure yet, {size}"
    elif best.applicability == "safe" and any(_as_good(repair, best) for repair in others):
        lead = f"Smallest repair that keeps the network as it is, {size}"
    elif len(best.interventions) > (1 if single else smallest):
        lead = f"Best repair, {size} (with fewer it learns, but {spare})"
    elif single:
        lead = f"Smallest repair, {size}"
    else:
        lead = f"No single change is enough. The smallest repair is {size}"
    rate = f": {words.repair_rate(best)}{aside(result, lead=' ')}; {_FRESH}.{too_early(best)}"
    if result.goal.asked == BY_HEART:
        lead, rate = f"{lead}, by heart", f"{rate} Of other rows this says nothing."
    page.paragraph((lead, "bold"), rate)
    for number, name in enumerate(best.interventions):
        page.paragraph(name, _without(result, best, number), indent=4, first="  *")
    for name in best.beside:
        page.paragraph(name, (f" ({BESIDE})", "dim"), indent=4, first="  *")
    _diff(page, best)
    page.paragraph((note(best, result), "dim"), indent=2)
    shown = others if page.look.detailed else others[:_ALTERNATIVES]
    for repair in shown:
        names = words.listed(list(repair.interventions))
        label, late = "Also works", ""
        if not repair.lasts:
            label, late = "Helps at first", f".{too_early(repair)}"
        page.paragraph(f"{names}: {words.repair_rate(repair)}; {note(repair, result)}{late}",
                       indent=16, first=(label, "bold"))
        if page.look.diff:
            _diff(page, repair)
    if len(others) > len(shown):
        more = words.count(len(others) - len(shown), "other repair")
        page.paragraph(f"{more} with -vv", indent=16)


def _without(result: Result, repair: Repair, number: int) -> tuple[str, str]:
    if len(repair.interventions) == 1:
        return "", ""
    early = too_short(result, repair, repair.interventions[number])
    if early is not None and early.whole is not None:
        return f" (without it {words.of(*early.whole)} learn to the end)", "dim"
    lost = put_back(repair, repair.interventions[number])
    if lost is None:
        return " (whether it is needed was not tried)", "dim"
    rest = f"without it {words.percent(lost.without)} of {words.count(lost.replicas)}"
    if lost.needed:
        return f" ({rest})", "dim"
    if lost.without < lost.whole - _AS_OFTEN:
        return f" ({rest}: too few to be sure)", "dim"
    with_it, alone = (words.number(score) for score in lost.scores)
    spare = (f", with less to spare: a score of {alone} in place of {with_it}"
             if lost.scores[1] < lost.scores[0] else "")
    return f" ({rest} learn too{spare})", "dim"


def note(repair: Repair, result: Result) -> str:
    """How sure its edits are (of a model from memory: how it is made), and what it adds."""
    adds = []
    if repair.added_parameters > 0:
        adds.append(f"adds {words.count(repair.added_parameters, 'parameter')}")
    if repair.updates > 0:
        adds.append(f"{words.count(repair.updates, 'update')} in all")
    kind = {
        "safe": "safe: only what is shown changes",
        "unsafe": "unsafe: look at it before you take it",
        "display": "shown, not written: its place in the script cannot be edited safely",
    }[repair.applicability]
    if result.script.path is None:
        kind = made_by(repair, result)
    return "; ".join([kind, *adds])


def purpose(repair: Repair, result: Result) -> str:
    """What a repair leaves as it is, or makes of the network and its training."""
    if result.script.path is None:
        return f"it is {made_by(repair, result)}"
    if repair.applicability == "display":
        return "it has to be made by hand: its place in the script cannot be edited safely"
    changed = []
    if repair.code_width is not None:
        was, now = repair.code_width
        changed.append(f"makes the code {now} wide in place of {was}")
    if repair.added_parameters:
        size = words.count(abs(repair.added_parameters), "parameter")
        more = "more" if repair.added_parameters > 0 else "fewer"
        changed.append(f"gives the network {size} {more}")
    if repair.updates != result.fit.updates and repair.updates:
        changed.append(f"trains for {words.count(repair.updates, 'update')} in place of"
                       f" {words.count(result.fit.updates)}")
    if not changed:
        return "it keeps the network’s size"
    return f"it {words.listed(changed)}: look at it before you take it"


def _as_good(repair: Repair, best: Repair) -> bool:
    """True for a repair of fewer changes that does it too, by making it another network."""
    return (repair.applicability == "unsafe" and repair.success_rate >= best.success_rate - _AS_OFTEN
            and len(repair.interventions) < len(best.interventions))


def made_by(repair: Repair, result: Result) -> str:
    """What puts a repair into effect where there is no script to write it into."""
    return f"made by diagnosis.repair({_number(repair, result)}).apply(model)"


def _number(repair: Repair, result: Result) -> str:
    number = result.repairs.index(repair) + 1
    return "" if number == 1 else str(number)


def _diff(page: Page, repair: Repair) -> None:
    if page.look.diff:
        unified_diff(page, repair)
        return
    lines_of_diff(page, list(diff_lines(repair)))


def unified_diff(page: Page, repair: Repair) -> None:
    """A repair as `diff -u` has it, with file names and line numbers."""
    for line in repair.diff.splitlines():
        page.line((line, _STYLES.get(line[:1], "dim")))


def lines_of_diff(page: Page, lines: Iterable[str]) -> None:
    """Removed and added lines; the rest of one that is too long stands under its beginning."""
    for line in lines:
        style, code = _STYLES[line[0]], line[1:]
        inset = len(code) - len(code.lstrip()) if 4 + len(code) > page.width else 0
        page.paragraph((code, style), indent=4, hang=inset, first=("  " + line[0], style))


def diff_lines(shown: Repair | Untried) -> Iterator[str]:
    """The lines that a repair removes and adds, each with its sign."""
    for hunk in _hunks(shown.diff.splitlines()):
        yield from hunk


def not_tried_yet(page: Page, fact: FindingInfo, indent: int) -> None:
    """The change that would remove what is certain, where no training has tried it."""
    if fact.untried is not None:
        page.paragraph(fact.untried.intervention, indent=indent + 2,
                       first=page.text(" " * indent, ("not tried yet: ", "bold")))
        lines_of_diff(page, diff_lines(fact.untried))


def _hunks(lines: list[str]) -> Iterator[list[str]]:
    """The removed and added lines of each hunk; in pairs where they are equally many."""
    body = False
    hunk: list[str] = []
    for line in [*lines, "@@"]:
        if line.startswith("@@"):
            old = [each for each in hunk if each[0] == "-"]
            new = [each for each in hunk if each[0] == "+"]
            paired = len(old) == len(new)
            yield [each for pair in zip(old, new, strict=True) for each in pair] if paired else hunk
            body, hunk = True, []
        elif body and line[:1] in ("+", "-"):
            hunk.append(line)


def next_steps(page: Page, result: Result) -> None:
    """What to type now, where there is something: one command, and with -v what explains it."""
    steps = []
    best = result.repairs[0] if result.repairs else None
    name = script_name(result)
    if best is not None and not best.lasts:
        best = None
    if best is not None and best.edits is not None and name.endswith(".py"):  # and no cell
        stem = name.removesuffix(".py")
        steps.append((f"unstuck fix {page.look.saved or name}",
                      f"writes {stem}_unstuck.py, proved once more"))
    known = {finding.check for finding in (*result.facts, *result.suspicions)}
    checks = [name for arm in result.proved for name in arm.checks if name in known]
    if best is None and result.outcome not in HEALTHY and not result.interrupted:
        longer = _MORE.sub(lambda had: f"{float(had[0]) * 5:g}", result.budget.given)
        if name.endswith(".py") and longer != result.budget.given:
            steps.append((f"unstuck run {name} --budget {longer}", "tries more"))
    if page.look.verbose > 0 or not steps:
        steps += [(f"unstuck explain {check}", "what it is and why it hurts") for check in checks[:1]]
    if not steps:
        return
    page.blank()
    wide = max(len(command) for command, _ in steps)
    narrow = any(8 + wide + 3 + len(text) > page.width for _, text in steps)
    for number, (command, text) in enumerate(steps):
        label = ("  next" if number == 0 else "", "cyan")
        if narrow:
            page.paragraph((command, "bold"), indent=8, first=label)
            page.paragraph(text, indent=10)
        else:
            page.paragraph((f"{command:<{wide}}", "bold"), f"   {text}", indent=8, first=label)
