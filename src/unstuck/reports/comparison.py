"""What `unstuck compare` says: for people, for programs, as a page."""

from __future__ import annotations

from typing import Unpack

from unstuck.result.comparisons import Comparison, Side
from unstuck.result.documents import as_text, to_document

from . import Options
from .parts import words
from .parts.standings import NAMES, difference, sentence
from .parts.text_page import Look, Page

FORMATS = ("text", "json", "html")
_STYLES = {"better": "bold green", "worse": "bold red", "no difference": "bold",
           "undecided": "bold yellow"}


def render(format: str, found: Comparison, **options: Unpack[Options]) -> str:
    """A comparison in one of `FORMATS`; `options` are those of reports for people."""
    if format == "json":
        return as_text({**to_document(found), "verdict": found.verdict})
    if format == "html":
        from .html_page.comparison import page  # jinja2 and the charts, which only this format needs

        return page(found)
    return _text(found, Look(**options))


def _text(found: Comparison, look: Look) -> str:
    page = Page(look)
    tool = found.tool
    if look.verbose >= 0:
        versions = f"unstuck {tool.unstuck} · keras {tool.keras} · jax {tool.jax} ({tool.device})"
        pairs = words.count(found.standings[0].pairs, "pair")
        page.sides((versions, "dim"), (f"{pairs} · {found.seconds:.1f} s", "dim"))
        for letter, side in (("A", found.a), ("B", found.b)):
            page.paragraph(*_of(found, side), first=(f"{letter}  ", "bold"), hang=3, separator=" ·")
    page.paragraph((f"{found.verdict.upper()}.", _STYLES[found.verdict]), f" {sentence(found)}")
    if found.asked is not None:
        met = {True: "holds", False: "does not hold", None: "is not decided"}[found.met]
        page.paragraph((found.asked, "bold"), f" {met}.")
    if look.verbose < 0:
        return page.render()
    for standing in found.standings[1:]:
        page.paragraph(f"{difference(standing)}: {standing.verdict}",
                       first=(f"{NAMES[standing.metric]:<13}", "dim"), hang=13)
    if found.placebo is not None:
        page.paragraph(f"A in another order: {difference(found.placebo)}: {found.placebo.verdict}",
                       first=(f"{'placebo':<13}", "dim"), hang=13)
    page.paragraph((f"What counts as learned – {found.goal.rstrip('.')}.", "dim"))
    for note in found.notes:
        page.paragraph(("note", "bold cyan"), f": {note}", hang=2)
    if look.verbose > 0:
        for standing in found.standings:
            low, high = (words.number(end) for end in standing.bounds)
            page.paragraph(f"{NAMES[standing.metric]}: p = {words.number(standing.p)} and [{low},"
                           f" {high}] hold at all looks together", hang=2)
    return page.render()


def _of(found: Comparison, side: Side) -> tuple[str, ...]:
    held = () if side.held is None else (f"held out {words.number(side.held)}",)
    updates = words.count(side.updates, "update")
    return (side.name, f"{words.rate(side.successes, side.replicas, side.ci95)} learn",
            f"{found.score_is} {words.number(side.score)}", *held, f"loss {words.number(side.loss)}",
            updates)
