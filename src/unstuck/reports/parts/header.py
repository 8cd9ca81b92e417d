"""The head of a report for the terminal: versions, the `fit`, and what is trained."""

from __future__ import annotations

from unstuck.result.results import Fit, ScriptInfo, Tool

from . import words
from .source import name_of
from .text_page import Page


def header(page: Page, tool: Tool, script: ScriptInfo, fit: Fit, aside: str) -> None:
    """Three lines and what there may be to say besides; `aside` stands at the right."""
    cores = words.count(tool.cores, "core")
    versions = f"unstuck {tool.unstuck} · keras {tool.keras} · jax {tool.jax}"
    page.sides((f"{versions} ({tool.device}, {cores})", "dim"), (aside, "dim"))
    line = f":{fit.line}" if fit.line is not None else ""
    call = " ".join(fit.call.split())
    page.paragraph((f"{name_of(script)}{line}", "bold"), f"  {call}", indent=2)
    page.paragraph(
        fit.model,
        words.count(fit.parameters, "parameter"),
        f"{words.count(fit.rows, 'training row')}, {words.distinct_rows(fit)}",
        words.count(fit.updates, "update"),
        f"loss {fit.loss}",
        f"optimizer {fit.optimizer}",
        separator=" ·", indent=2,
    )  # fmt: skip
    if fit.of > 1:
        which = f"fit {fit.index} of the {fit.of} that the script calls; --fit picks another"
        page.paragraph(which, indent=2)
    if fit.left_out:
        page.paragraph(f"left out of the trainings: {words.listed(list(fit.left_out))}",
                       indent=2)  # fmt: skip
