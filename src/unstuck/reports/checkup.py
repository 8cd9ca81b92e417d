"""What `unstuck check` says: for people, for programs, for editors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Unpack

from unstuck.result.checkups import Checkup, Plan
from unstuck.result.documents import as_text, to_document

from . import Options
from .formats import sarif
from .parts import words
from .parts.header import header
from .parts.messages import Message
from .parts.source import name_of
from .parts.text_page import Look, Page

FORMATS = ("text", "json", "sarif")
MANY = 100_000
"""More trainings than any diagnosis makes."""


def render(format: str, checkup: Checkup, **options: Unpack[Options]) -> str:
    """A checkup in one of `FORMATS`; `options` are those of reports for people."""
    if format == "json":
        return as_text(to_document(checkup))
    if format == "sarif":
        return log_of([checkup])
    return _text(checkup, Look(**options))


def log_of(checkups: Sequence[Checkup]) -> str:
    """Checkups as one log in SARIF, a run each, which are told apart by their scripts."""
    return sarif.log([{
        **sarif.run(one, list(messages(one)), summary(one)),
        "automationDetails": {"id": f"unstuck/{name_of(one.script)}"}} for one in checkups])


def messages(checkup: Checkup) -> Iterator[Message]:
    """The failure, or each fact."""
    if checkup.failure is not None:
        change = f" Change: {checkup.failure.change}." if checkup.failure.change else ""
        yield Message(name="fit-fails", level="error", text=f"{checkup.failure.message}{change}",
                      line=checkup.failure.line, rule=summary(checkup))  # fmt: skip
    for fact in checkup.facts:
        line = checkup.fit.line if checkup.fit is not None and fact.location is None else None
        yield Message(name=fact.check, check=fact.check, level="warning", text=fact.message,
                      location=fact.location, line=line)  # fmt: skip


def summary(checkup: Checkup) -> str:
    """The whole in a sentence."""
    if checkup.failure is not None:
        return "The script fails before, or in, its fit."
    if checkup.facts:
        return f"{words.count(len(checkup.facts), 'fact')} found.".replace(words.NBSP, " ")
    return "Nothing was found."


def _text(checkup: Checkup, look: Look) -> str:
    page = Page(look)
    if checkup.failure is not None:
        where = f", line {checkup.failure.line}" if checkup.failure.line else ""
        page.paragraph(("FAILS.", "bold red"), f" {name_of(checkup.script)}{where}:"
                       f" {checkup.failure.message}")
        if checkup.failure.change:
            page.paragraph("change", f": {checkup.failure.change}", indent=2)
        return page.render()
    assert checkup.fit is not None
    header(page, checkup.tool, checkup.script, checkup.fit, f"{checkup.seconds:.1f} s")
    page.blank()
    if checkup.replicas:
        _found(page, checkup)
    for note in checkup.notes:
        page.paragraph(("note", "bold cyan"), f": {note}", hang=2)
    if checkup.plan is not None:
        _plan(page, checkup.plan, checkup.fit.updates)
    return page.render()


def _found(page: Page, checkup: Checkup) -> None:
    style = "bold yellow" if checkup.facts else "bold green"
    page.paragraph((summary(checkup), style), " Looked at:"
                   f" {words.count(checkup.replicas, 'training')} of"
                   f" {words.count(checkup.updates, 'update')}.")
    for fact in checkup.facts:
        line = checkup.fit.line if fact.location is None and checkup.fit else (
            fact.location.line if fact.location else None)
        place = "" if line is None else f" ({name_of(checkup.script)}:{line})"
        page.paragraph(("fact", "bold cyan"), (f"[{fact.check}]", "bold"), ": ", fact.message,
                       (place, "dim"), hang=2)  # fmt: skip
    page.blank()
    wide = max((len(one.what) for one in checkup.measures), default=0)
    for one in checkup.measures:
        page.paragraph(one.told, first=(f"{one.what:<{wide}}  ", "dim"), hang=wide + 2)


def _plan(page: Page, plan: Plan, updates: int) -> None:
    page.blank()
    of = "" if plan.updates == updates else (
        f" The first {plan.updates:,} of {words.count(updates, 'update')} would be trained.")
    room = "" if plan.room is None else f"; in {plan.budget} there is room for {_about(plan.room)}"
    page.paragraph(("unstuck run", "bold"), f": one training takes about"
                   f" {words.number(plan.seconds)} s{room}.{of}")
    if not plan.tries:
        page.paragraph("Nothing would be tried.")
        return
    few = plan.tries if page.look.verbose > 0 else plan.tries[:6]
    more = len(plan.tries) - len(few)
    page.paragraph(f"{words.count(len(plan.tries), 'change')} would be tried one by one, and"
                   f" {words.count(plan.sets, 'set')} of them at once: {'; '.join(few)}"
                   + (f"; and {more} more (-v)." if more else "."))


def _about(number: int) -> str:
    if number > MANY:
        return f"more than {MANY:,}"
    digits = 10 ** max(0, len(str(number)) - 2)
    return f"about {number // digits * digits:,}"
