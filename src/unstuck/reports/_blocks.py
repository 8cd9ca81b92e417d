"""The blocks below the verdict: causes, company, what contributes, what was acquitted, and so on.

What was *seen* (findings) and what was *proved* (trials) stand on lines of their own, never mixed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from unstuck.results import Arm, FindingInfo, Result

from . import _words as words
from ._page import Line, Page
from ._source import edited_lines, excerpt, place

_BLOCKS = 3
_LABEL = 10
_NOUNS = {
    "activation": "the activation", "loss": "the loss", "learning_rate": "the learning rate",
    "optimizer": "the optimizer", "epochs": "the number of epochs",
    "batch_size": "the batch size", "initializer": "the initializer",
    "input_scale": "the scale of the inputs", "target_encoding": "the coding of the targets",
    "labels": "the labels", "capacity": "the size of the network",
    "validation_split": "the validation split", "shuffle": "the shuffle", "metric": "the metric",
    "regularization": "the regularization", "normalization": "the normalization",
    "clipping": "the clipping", "architecture": "the architecture",
}  # fmt: skip


def findings_for(result: Result, arm: Arm) -> list[FindingInfo]:
    """What was seen that suggested an arm: at its own place where findings are several."""
    found = [f for f in (*result.facts, *result.suspicions) if f.check in arm.checks]
    here = [f for f in found if _same_line(f, arm)]
    return here or found


def _same_line(finding: FindingInfo, arm: Arm) -> bool:
    both = finding.location is not None and arm.location is not None
    return both and finding.location.line == arm.location.line  # type: ignore[union-attr]


def shown_causes(result: Result, verbose: int) -> tuple[Arm, ...]:
    """The causes that get a block."""
    return result.causes if verbose > 0 else result.causes[:_BLOCKS]


def proof(arm: Arm) -> list[str]:
    """What changing only this did: rates, effect, and which trainings it turned."""
    before, after = words.percent(arm.control_rate), words.percent(arm.success_rate)
    of = f"of{words.NBSP}{words.count(arm.replicas, 'training')}"
    return [
        f"{before} → {after} {of}",
        words.effect(arm, unit=True),
        f"{arm.rescued:,}{words.NBSP}rescued, {arm.broken:,}{words.NBSP}broken",
    ]


def name_of(arm: Arm) -> str:
    """The names of the checks that suggested an arm; its kind where none did."""
    return ", ".join(arm.checks) or arm.kind


def causes(page: Page, result: Result) -> None:
    """A block for each cause, with the place, what was seen, the proof and the fix."""
    shown = shown_causes(result, page.look.verbose)
    for arm in shown:
        page.blank()
        page.paragraph(
            ("cause", "bold red"), (f"[{name_of(arm)}]", "bold"), ": ",
            (arm.sickness or arm.title, "bold"), hang=2,
        )  # fmt: skip
        _block(page, result, arm)
    rest = result.causes[len(shown) :]
    if rest:
        page.blank()
        items = [f"{arm.title}{_where(arm)}: {words.effect(arm)}" for arm in rest]
        _list(page, "Causes too", items)


def _block(page: Page, result: Result, arm: Arm) -> None:
    if arm.location is not None:
        excerpt(page, result, arm.location)
    for finding in findings_for(result, arm):
        _labelled(page, "seen", finding.message)
        if page.look.verbose > 0:
            _evidence(page, finding)
    _labelled(page, "proof", f"{arm.title}, nothing else changed:")
    items = proof(arm)
    if page.look.verbose > 0:
        items.append(f"p = {_p(arm.p)}, {_p(arm.p_holm)} after Holm")
    page.paragraph(*items, separator=" · ", indent=_LABEL)
    _fix(page, result, arm)


def _fix(page: Page, result: Result, arm: Arm) -> None:
    added = arm.added_parameters
    note = f"   (adds {words.count(added, 'parameter')})" if added > 0 else ""
    if arm.edits is None:
        _labelled(page, "fix", f"{arm.title}: by hand, for the place cannot be edited safely")
        return
    lines = edited_lines(result, arm.edits)
    if not lines:
        _labelled(page, "fix", f"{arm.title}{note}")
        return
    for number, line in enumerate(lines):
        last = number == len(lines) - 1
        page.paragraph((line, "green"), (note if last else "", "dim"), indent=_LABEL,
                       first=("  fix" if number == 0 else "", "cyan"))  # fmt: skip


def _labelled(page: Page, label: str, *parts: Line) -> None:
    page.paragraph(*parts, indent=_LABEL, first=(f"  {label}", "cyan"))


def _evidence(page: Page, finding: FindingInfo) -> None:
    for item in finding.evidence:
        unit = f" {item.unit}" if item.unit else ""
        text = f"{item.quantity}: {words.number(item.value)}{unit}"
        if item.threshold is not None:
            text += f", limit {words.number(item.threshold)}{unit}"
        if item.replicas is not None and item.of is not None:
            text += f", in {item.replicas:,} of {item.of:,} trainings"
        page.paragraph((text, "dim"), indent=_LABEL)


def _p(value: float) -> str:
    return words.number(value) if value >= 1e-12 else "< 1e−12"


def _where(arm: Arm) -> str:
    return f" (line {arm.location.line})" if arm.location is not None else ""


def company(page: Page, result: Result) -> None:
    """Changes that cure only together: each such set once, with the rate of the whole."""
    arms = {arm.intervention: arm for arm in result.arms}
    seen: set[frozenset[str]] = set()
    for arm in result.by_verdict("needs company"):
        group = frozenset({arm.intervention, *arm.company})
        if group in seen:
            continue
        seen.add(group)
        members = [member for name, member in arms.items() if name in group]
        strangers = [name for name in arm.company if name not in arms]
        page.blank()
        checks = ", ".join(dict.fromkeys(name for m in members for name in m.checks)) or arm.kind
        page.paragraph(("needs company", "bold red"), (f"[{checks}]", "bold"), ": ",
                       (_company_sentence(members, strangers), "bold"), hang=2)  # fmt: skip
        for member in members:
            if member.location is not None:
                excerpt(page, result, member.location)
            for finding in findings_for(result, member):
                _labelled(page, "seen", finding.message)
            _labelled(page, "alone", f"{member.title}, nothing else changed:")
            page.paragraph(*proof(member), separator=" · ", indent=_LABEL)
        repair = next((r for r in result.repairs if set(r.interventions) == group), None)
        if repair is not None:
            _labelled(page, "both" if len(group) == 2 else "all", f"{words.repair_rate(repair)} on fresh seeds")


def _company_sentence(members: Sequence[Arm], strangers: Sequence[str]) -> str:
    titles = [m.title for m in members if m.verdict == "needs company"]
    others = [*(m.title for m in members if m.verdict != "needs company"), *strangers]
    if not others:
        return "each alone changes nothing; together they cure"
    with_others = f"together with {words.listed(others)}"
    if len(titles) == 1:
        return f"alone it changes nothing; {with_others} it cures"
    return f"each alone changes nothing; {with_others} they cure"


def lists(page: Page, result: Result) -> None:
    """Contributes, undecided, acquitted, harmful, not tested: a short list each."""
    page.blank()
    contributing = result.by_verdict("contributes")
    _table(page, "contributes", contributing)
    _list(page, "It is not", acquittals(result))
    harmful = [f"{arm.title}{_where(arm)}: {words.percent(arm.success_rate)}, {words.effect(arm)}"
               for arm in reversed(result.by_verdict("harmful"))]  # fmt: skip
    _list(page, "Makes it worse", harmful)
    undecided = [_undecided(arm) for arm in result.by_verdict("undecided")]
    if result.placebo is not None and result.placebo.verdict == "undecided":
        undecided.append(_undecided(result.placebo))
    _list(page, "Undecided", undecided)
    _list(page, "Not tested", _untested(result))


def acquittals(result: Result) -> list[str]:
    """Each acquitted change with its interval; the thing itself only where all of its kind are."""
    guilty = {arm.kind for arm in result.arms if arm.verdict != "acquitted"}
    by_kind: dict[str, list[Arm]] = {}
    for arm in result.by_verdict("acquitted"):
        by_kind.setdefault(arm.kind, []).append(arm)
    items = []
    for kind, arms in by_kind.items():
        tried = ", ".join(f"{arm.title}: {words.effect(arm)}" for arm in arms)
        noun = _NOUNS.get(kind) if kind not in guilty else None
        items.append(f"{noun} ({tried})" if noun else tried)
    placebo = result.placebo
    if placebo is not None and placebo.verdict == "acquitted":
        items.append(f"the draw of the shuffle (placebo: {words.effect(placebo)})")
    return items


def _untested(result: Result) -> list[str]:
    by_reason: dict[str, list[str]] = {}
    for entry in result.not_tested:
        by_reason.setdefault(entry.reason, []).append(entry.what)
    return [f"{', '.join(names)}: {reason}" for reason, names in by_reason.items()]


def _undecided(arm: Arm) -> str:
    text = f"{arm.title}{_where(arm)}: {words.effect(arm)} in {words.count(arm.replicas, 'training')}"
    if arm.to_decide is None:
        return text
    return f"{text}; about {words.count(arm.to_decide)} would decide"


def _table(page: Page, title: str, arms: Sequence[Arm]) -> None:
    if not arms:
        return
    for number, arm in enumerate(arms):
        label = title if number == 0 else ""
        items = [f"{arm.title}{_where(arm)}", words.effect(arm), proof(arm)[-1]]
        if page.look.verbose > 0:
            items.append(f"p = {_p(arm.p)}, {_p(arm.p_holm)} after Holm")
        page.paragraph(*items, separator=" · ", indent=16, first=(label, "bold yellow"))


def _list(page: Page, title: str, items: Iterable[str]) -> None:
    given = list(items)
    if given:
        page.paragraph(*given, separator=" · ", indent=16, first=(title, "bold"))


def facts(page: Page, result: Result) -> None:
    """What is so without any experiment; what stands in a cause's block is not said again."""
    used = {f for arm in (*shown_causes(result, page.look.verbose),
                          *result.by_verdict("needs company"))
            for f in findings_for(result, arm)}  # fmt: skip
    left = [fact for fact in result.facts if fact not in used]
    if not left:
        return
    page.blank()
    for fact in left:
        where = f" ({place(result, fact.location)})" if fact.location is not None else ""
        page.paragraph(("fact", "bold cyan"), (f"[{fact.check}]", "bold"), ": ", fact.message,
                       (where, "dim"), hang=2)  # fmt: skip
        if page.look.verbose > 0:
            _evidence(page, fact)


def suspicions(page: Page, result: Result) -> None:
    """With -v: what was suspected and not shown to be a cause."""
    proved = {name for arm in result.arms for name in arm.checks
              if arm.verdict in ("cause", "needs company")}  # fmt: skip
    for finding in result.suspicions:
        if finding.check not in proved:
            page.paragraph(("suspected", "bold"), f"[{finding.check}]: {finding.message}",
                           " No trial has shown it to be a cause.", hang=2)  # fmt: skip
