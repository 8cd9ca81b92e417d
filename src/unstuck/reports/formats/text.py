"""A diagnosis for the terminal: what `unstuck run` prints."""

from __future__ import annotations

from typing import ClassVar, Unpack

from unstuck.reports import Options, Report
from unstuck.reports.parts import (
    causes,
    horizon,
    ladder,
    levels,
    lists,
    modes,
    repairs,
    words,
)
from unstuck.reports.parts.brief import brief
from unstuck.reports.parts.header import header
from unstuck.reports.parts.text_page import Look, Page
from unstuck.reports.parts.verdict import (
    HEALTHY,
    has_cause,
    nothing_found,
    placebo_worked,
    tried,
    verdict,
)
from unstuck.result.results import Result

_COLORS = {
    "LEARNS": "bold green", "AT_FLOOR": "bold green", "BEGINS": "bold green", "LATE": "bold green",
    "FRAGILE": "bold yellow",
    "INCONCLUSIVE": "bold yellow", "NO_SIGNAL": "bold yellow",
}  # fmt: skip


class Text(Report):
    """Plain lines of a given width; the verdict first, the proof below it."""

    suffix: ClassVar[str] = ".txt"

    def render(self, result: Result, **options: Unpack[Options]) -> str:
        """The report as lines; see `Options` for its looks."""
        page = Page(Look(**options))
        if page.look.verbose < 0:
            _quiet(page, result)
        elif page.look.verbose == 0:
            commands = page.another()
            repairs.next_steps(commands, result)
            apart = len(commands) > 0
            _more(commands, result)
            brief(page, result, _style(result), below=len(commands) + apart)
            if apart:
                page.blank()
            page.append(commands)
        else:
            _full(page, result)
        return page.render()


def _full(page: Page, result: Result) -> None:
    """Everything that is known of how trainings end, what was proved, and what else was tried."""
    header(page, result.tool, result.script, result.fit, f"budget {result.budget.given}")
    _verdict(page, result)
    broken = placebo_worked(result)
    if broken is not None:
        page.blank()
        page.paragraph(
            ("The placebo changed the result", "bold red"), f" ({words.effect(broken)}): only"
            " the draw of the shuffle was another. Trainings of this script are not alike"
            " enough to compare, so nothing below counts as proved, and no cause is named.",
        )  # fmt: skip
    if result.outcome in HEALTHY and not has_cause(result):
        _healthy(page, result)
    else:
        page.blank()
        ladder.draw(page, result)
        modes.ways(page, result)
        modes.truth_table(page, result)
        lists.facts(page, result)
        if broken is None:
            causes.blocks(page, result)
            lists.lists(page, result)
            repairs.repairs(page, result)
    if page.look.detailed:
        _details(page, result)
    if broken is None:
        repairs.next_steps(page, result)
    _closing(page, result)


def _verdict(page: Page, result: Result) -> None:
    word, sentence = verdict(result)
    page.blank()
    page.paragraph((f"{word}.", _style(result)), f" {sentence}")
    for said in horizon.told(result):
        page.paragraph(said)
    if result.goal.why and result.goal.why != result.outcome_text:
        page.paragraph((f"What counts as learned – {result.goal.why.rstrip('.')}.", "dim"))
    said = levels.sentence(result)
    if said:
        page.paragraph(said)
    if result.goal.references and not said:
        scores = [f"{name} {words.number(score)}" for name, score in result.goal.references.items()]
        page.paragraph((f"For comparison on the same data ({result.goal.metric}): ", "dim"),
                       (" · ".join(scores), "dim"))  # fmt: skip
    for note in result.notes:
        page.paragraph(("note", "bold cyan"), f": {note}", hang=2)


def _healthy(page: Page, result: Result) -> None:
    page.paragraph(nothing_found(result))
    lists.facts(page, result)
    if result.outcome == "LEARNS" and page.look.detailed:
        modes.ways(page, result)
    lists.lists(page, result)


def _details(page: Page, result: Result) -> None:
    """What -v adds at the end."""
    page.blank()
    lists.suspicions(page, result)
    for rung in result.goal.ladder:
        page.paragraph(f"{rung.merged}", indent=16, first=f"loss {words.number(rung.loss)}")
    for layer, distinct in result.population.distinct_by_layer.items():
        page.paragraph(f"{words.number(distinct)} distinct inputs are still told apart (median)",
                       indent=24, first=f"after {layer}")  # fmt: skip
    tried_sets = None if result.pictures is None else result.pictures.sets
    for one in () if tried_sets is None else tried_sets.sets:
        if len(one.changes) > 1:
            said = "smallest" if one.smallest else "enough" if one.enough else "not enough"
            page.paragraph(f"{' + '.join(one.changes)}: {said}", indent=24,
                           first=f"together {words.of(one.successes, one.replicas)}")
    for part, seconds in result.budget.seconds_by_part.items():
        page.paragraph(words.duration(seconds), indent=24, first=f"time for {part}")


def _more(page: Page, result: Result) -> None:
    """Where the rest is, and what all of this rests on."""
    rest = [words.count(result.budget.trainings, "training"), words.duration(result.budget.spent)]
    saved = page.look.saved
    more = "-v tells more" if saved is None else f"unstuck report {saved} -v tells more"
    page.paragraph(*[(item, "dim") for item in (*rest, more)], separator=" ·", indent=2)


def _style(result: Result) -> str:
    return _COLORS.get(result.outcome, "bold red")


def _closing(page: Page, result: Result) -> None:
    budget, population = result.budget, result.population
    page.blank()
    first, last = population.seeds
    items: list[str] = [
        words.count(tried(result), "change") + " tried",
        words.count(budget.trainings, "training"),
        words.count(budget.steps, "step"),
        words.duration(budget.spent),
        f"{population.engine} engine, {population.strategy}",
        f"seeds {first} to {last}",
    ]
    page.paragraph(*[(item, "dim") for item in items], separator=" ·", indent=2)
    page.paragraph(("unstuck explain --words says what the words mean", "dim"), indent=2)


def _quiet(page: Page, result: Result) -> None:
    word, sentence = verdict(result)
    page.paragraph((f"{word}.", _style(result)), f" {sentence}")
    if placebo_worked(result) is not None:
        return
    for arm, *_ in causes.cause_groups(result):
        name = causes.name_of(result, arm)
        said = f": {arm.intervention} {words.effect(arm, unit=True)}"
        page.paragraph(("cause", "bold red"), f"[{name}]" if name else "", said, indent=2)
    for group in causes.company_groups(result):
        repair = causes.cure_of(result, group)
        for arm in group:
            name, lost = causes.name_of(result, arm), causes.put_back(repair, arm.intervention)
            told = "" if lost is None else f"; without it {causes.without(lost)[0]}"
            page.paragraph((causes.HIDDEN, "bold red"), f"[{name}]" if name else "",
                           f": {arm.intervention}{told}", indent=2)
    if not result.causes and not result.repairs:
        for fact in result.facts:
            page.paragraph(("fact", "bold"), f"[{fact.check}]: {fact.message}", indent=2)
    for repair in result.repairs[:1]:
        names = words.listed(list(repair.interventions))
        label = ("repair", "bold green") if repair.lasts else ("helps at first", "bold yellow")
        page.paragraph(label, f": {names}; {words.repair_rate(repair)}", indent=2)
