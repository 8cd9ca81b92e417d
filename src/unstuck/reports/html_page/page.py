"""A result as the page's template takes it, and the page itself."""

from __future__ import annotations

import base64
import hashlib
import json
import shlex
from functools import cache, partial
from importlib import resources
from typing import Any

from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup

from unstuck.base.characters import printable
from unstuck.reports.formats.json import document
from unstuck.reports.parts import causes, horizon, lists, repairs, words
from unstuck.reports.parts.answer import Answer, answer
from unstuck.reports.parts.glossary import WORDS
from unstuck.reports.parts.ladder import here
from unstuck.reports.parts.repairs import diff_lines
from unstuck.reports.parts.source import fix_of, line_of, script_name
from unstuck.reports.parts.verdict import (
    HEALTHY,
    has_cause,
    nothing_found,
    placebo_worked,
    verdict,
)
from unstuck.result.results import RIVALS, Arm, Result

from . import panels as shown
from . import source
from .axes import mode_class
from .charts.codes import codes
from .charts.curves import curves
from .charts.forest import forest
from .charts.grid import grid
from .charts.ladder import ladder
from .charts.scatter import scatter
from .charts.sets import kinds, sets
from .drawer import ahead
from .private import without_data

_ISLAND = {ord(c): f"\\u{ord(c):04x}" for c in "<>&\u2028\u2029"}
_MODES_SHOWN = 12


def page(result: Result, *, data: bool = True) -> str:
    """The whole page; without `data`, no row of the user's is in it."""
    shown = result if data else without_data(result)
    style, script = _file("style.css"), _file("script.js")
    policy = (
        f"default-src 'none'; img-src data:; style-src '{_hash(style)}'; script-src '{_hash(script)}';"
        " base-uri 'none'; form-action 'none'"
    )  # fmt: skip
    with ahead():
        made: str = _templates().get_template("page.html").render(
            **_view(shown), style=Markup(style), script=Markup(script), policy=policy,
            island=Markup(island(document(shown))), data_left_out=not data,
        )  # fmt: skip
    return made


def top(result: Result) -> str:
    """The first sections for a notebook, in one `div`."""
    style = _file("style.css")
    with ahead():
        made: str = _templates().get_template("fragment.html").render(
            **_view(result, whole=False), style=Markup(style))  # fmt: skip
    return made


def standalone(template: str, **view: Any) -> str:
    """A page without a script, in the report's style."""
    style = _file("style.css")
    policy = f"default-src 'none'; img-src data:; style-src '{_hash(style)}'; base-uri 'none'"
    made: str = _templates().get_template(template).render(
        **view, style=Markup(style), policy=policy)  # fmt: skip
    return made


def island(data: Any) -> str:
    """JSON that cannot end the script element it stands in."""
    return json.dumps(data, sort_keys=True, allow_nan=False).translate(_ISLAND)


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _file(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


@cache
def _templates() -> Environment:
    names = ("document.html", "page.html", "fragment.html", "parts.html", "manual_page.html",
             "manual_index.html", "comparison.html")
    return Environment(
        loader=DictLoader({name: _file(f"templates/{name}") for name in names}), autoescape=True,
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip


def _view(result: Result, *, whole: bool = True) -> dict[str, Any]:
    word, sentence = verdict(result)
    broken = placebo_worked(result)
    healthy, told = result.outcome in HEALTHY and not has_cause(result), answer(result)
    view: dict[str, Any] = {
        "r": result, "words": words, "name": script_name(result),
        "word": word, "sentence": sentence, "horizon": horizon.told(result),
        "within": horizon.aside(result), "tone": _tone(result),
        "key_figures": _key_figures(result, told), "modes": _modes(result),
        "placebo_broken": None if broken is None else words.effect(broken),
        "healthy": nothing_found(result) if healthy else "", "mark": here(result),
        "ladder": ladder(result), "forest": forest(result),
        "causes": () if broken is not None else _causes_of(result),
        "contributes": [lists.named(a) + ": " + words.effect(a)
                        for a in result.by_verdict("contributes")],
        "whole": whole,
        **_answer(told),
    }  # fmt: skip
    if whole:
        view |= _rest(result)
    return view


def _answer(told: Answer) -> dict[str, Any]:
    """The short answer at the top: what breaks it, what mends it, how often it learns by then."""
    rates = (("as it is", "before", told.before), ("with the change", "after", told.after))
    return {
        "answer": told, "answer_diff": source.signed(told.diff),
        "why_lines": [(text, None if place is None else source.marked_line(place))
                      for text, place in told.why],
        "untried": [() if fact.untried is None else source.signed(diff_lines(fact.untried))
                    for fact in told.facts],
        "bars": [(what, kind, words.percent(rate.share), str(rate), f"{100 * rate.share:.1f}")
                 for what, kind, rate in rates if rate is not None],
    }  # fmt: skip


def _rest(result: Result) -> dict[str, Any]:
    pictures = result.pictures
    things, changes = lists.acquittals(result)
    kept = result.repairs[0] if result.repairs else None
    panels = shown.panels(result)
    used = {finding for arm in result.proved for finding in causes.findings_for(result, arm)}
    return {
        "curves": curves(result), "scatter": scatter(result), "codes": codes(result),
        "sets": sets(result), "kinds": kinds(result),
        "grids": [grid(g, n) for n, g in enumerate(
            pictures.grids if pictures is not None else ())],
        "source_lines": source.marked(result),
        "repairs": [_repair(result, n) for n in range(len(result.repairs))],
        "repaired_name": source.repaired_name(result),
        "download": source.download, "printable": partial(printable, keep="\t\n\r"),
        "repaired_text": None if kept is None else source.repaired(result, kept.edits),
        "panels": panels, "repaired_panel": shown.repaired_panel(result),
        "rows_are_images": any(row.image or row.output_image for p in panels for row in p.rows),
        "layer_table": shown.layer_table(result),
        "things": things, "idle": changes, "kept": lists.left_as_it_is(result),
        "alone": lists.no_effect_alone(result),
        "harmful": [(lists.named(a), words.percent(a.success_rate), words.effect(a))
                    for a in reversed(result.by_verdict("harmful"))],
        "undecided": lists.undecided(result),
        "not_tested": lists.untested(result), "facts": result.facts,
        "suspicions": [s for s in result.suspicions if s not in used],
        "evidence": _evidence, "glossary": WORDS,
        "command": _command(result), "measured": _measured(result),
    }  # fmt: skip


def _tone(result: Result) -> str:
    if result.outcome in HEALTHY:
        return "good"
    return "fair" if result.outcome in ("FRAGILE", "INCONCLUSIVE", "NO_SIGNAL") else "bad"


def _key_figures(result: Result, told: Answer) -> list[tuple[str, str, str, str]]:
    """The few figures at the top: figure, kind, what it is, and its interval."""
    population, fit = result.population, result.fit
    found: list[tuple[str, str, str, str]] = []
    # A change has the rate in a bar beside its own; of rivals nothing tells which learned.
    if population.replicas and result.outcome_text != RIVALS and told.before is None:
        found.append((words.percent(population.success_rate), "before",
                      f"of {words.count(population.replicas, 'training')}"
                      f" {'learned' if result.horizon is None else 'begin to learn'}",
                      f"({words.percent_interval(population.ci95)})"))  # fmt: skip
    found.append((words.count(fit.parameters), "", "parameters", ""))
    found.append((words.count(fit.rows), "",
                  f"training rows, {words.distinct_rows(fit)}", ""))
    found.append((words.count(fit.updates), "",
                  f"updates: {words.count(fit.epochs, 'epoch')}, batches of {fit.batch_size}", ""))
    return found


def _modes(result: Result) -> list[dict[str, Any]]:
    own = here(result)
    return [
        {"color": mode_class(n, result), "loss": words.number(mode.loss),
         "count": words.of(words.mode_count(mode, result), result.population.replicas),
         "share": words.percent(mode.share),
         "ci": "" if mode.ci95 is None else words.percent_interval(mode.ci95),
         "learned": mode.learned, "reading": mode.reading,
         "here": own is not None and own.reading == mode.reading and own.loss == mode.loss}
        for n, mode in enumerate(result.population.modes[:_MODES_SHOWN])
    ]  # fmt: skip


def _causes_of(result: Result) -> list[dict[str, Any]]:
    """A card for each cause, then for each set that cures only together."""
    cards: list[dict[str, Any]] = []
    for group in causes.cause_groups(result):
        cards.append(_card(result, group, "cause", group[0].title))
    for group in causes.company_groups(result):
        text = causes.company_sentence(group, causes.cure_of(result, group))
        cards.append(_card(result, group, causes.HIDDEN, text))
    return cards


def _card(result: Result, group: tuple[Arm, ...], kind: str, title: str) -> dict[str, Any]:
    seen: dict[str, None] = {}
    for arm in group:
        seen.update(dict.fromkeys(f.message for f in causes.findings_for(result, arm)))
    first = group[0]
    return {
        "kind": kind, "style": first.verdict.replace(" ", "-"), "title": title,
        "change": first.intervention, "name": causes.name_of(result, first),
        "seen": list(seen), "line": line_of(first),
        "arms": [{
            "change": arm.intervention,
            "before": words.percent(arm.control_rate), "after": words.percent(arm.success_rate),
            "pairs": words.count(arm.replicas, "training"),
            "effect": words.effect(arm, unit=True), "turned": words.turned(arm),
            "p": words.p_values(arm), "line": line_of(arm),
        } for arm in group if arm.replicas],
        "put_back": [(arm.intervention, causes.without(lost)[0]) for arm in group
                     if (lost := causes.put_back(causes.cure_of(result, group), arm.intervention))],
        "fix": fix_of(result, first),
        "by_hand": first.edits is None,
        "adds": words.count(first.added_parameters, "parameter")
        if first.added_parameters > 0 else "",
    }  # fmt: skip


def _repair(result: Result, number: int) -> dict[str, Any] | None:
    if number >= len(result.repairs):
        return None
    repair = result.repairs[number]
    return {
        "changes": [(name, "" if (lost := causes.put_back(repair, name)) is None
                     else f"{words.percent(lost.without)} of {words.count(lost.replicas)}")
                    for name in repair.interventions],
        "beside": [(name, repairs.BESIDE) for name in repair.beside],
        "rate": words.repair_rate(repair), "note": repairs.note(repair, result),
        "too_early": horizon.too_early(repair).strip(),
        "diff": source.diff_lines(repair), "number": number + 1,
    }  # fmt: skip


def _evidence(finding: Any) -> list[tuple[str, str, str, str]]:
    """Quantity, value, limit and in how many trainings, in words."""
    found = []
    for item in finding.evidence:
        unit = f" {item.unit}" if item.unit else ""
        limit = "" if item.threshold is None else f"{words.number(item.threshold)}{unit}"
        among = words.of(item.replicas, item.of) if item.replicas is not None and (
            item.of is not None) else ""  # fmt: skip
        found.append((item.quantity, f"{words.number(item.value)}{unit}", limit, among))
    return found


def _command(result: Result) -> str:
    """What repeats this diagnosis; empty where no script was run."""
    if result.script.path is None:
        return ""
    arguments = ("--", *result.script.argv) if result.script.argv else ()
    return shlex.join(("unstuck", "run", script_name(result), *result.switches, *arguments))


def _score(result: Result) -> list[tuple[str, str]]:
    goal = result.goal
    if result.outcome_text == RIVALS:
        return []
    side = "at most" if goal.metric == "loss" else "at least"
    return [("Score", f"{goal.metric}, {side} {words.number(goal.threshold)}")]


def _measured(result: Result) -> list[tuple[str, str]]:
    """How this was measured, item by item."""
    tool, population, budget = result.tool, result.population, result.budget
    first, last = population.seeds
    rows = [
        ("What counts as learned", result.goal.why),
        *_score(result),
        ("Replicas of the script as it is",
         f"{words.count(population.replicas)}, seeds {first} to {last}"),
        ("Repairs", "measured on fresh seeds, which no search has seen"),
        ("Comparison", "each change and the script as it is start from the same weights and see the"
         " rows in the same order, seed by seed"),
        ("Test", "exact McNemar on rescued and broken trainings, or the rank sum of their scores where"
         " there was room for few, corrected by Holm over everything that was tried; verdicts rest on"
         " intervals widened for all looks taken, those given here are of 95 % where the search left a"
         " change alone"),
        ("Engine", f"{population.engine}, {population.strategy}"),
        ("Budget", f"{budget.given}; spent {words.duration(budget.spent)} on"
         f" {words.count(budget.trainings, 'training')}, {words.count(budget.steps, 'step')}"),
        ("Versions", f"unstuck {tool.unstuck}, keras {tool.keras}, jax {tool.jax},"
         f" numpy {tool.numpy}, python {tool.python}, {tool.device},"
         f" {words.count(tool.cores, 'core')}"),
    ]  # fmt: skip
    for name, score in result.goal.references.items():
        rows.insert(2, (f"For comparison: {name}", words.number(score)))
    if result.fit.left_out:
        rows.append(("Left out of the trainings", words.listed(list(result.fit.left_out))))
    if result.script.sha256:
        rows.append(("One proof again", "unstuck replay SAVED CHANGE, on the same seeds; SAVED is what"
                     " unstuck run --save wrote"))
        rows.append(("Script", f"SHA-256 {result.script.sha256}"))
    return rows
