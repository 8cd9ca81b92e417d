"""`unstuck compare`: is the second training better than the first?"""

from __future__ import annotations

import shlex
import sys
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from unstuck.doors.exits import INCONCLUSIVE, PROVED, WELL
from unstuck.doors.switches import (
    BudgetText,
    Colors,
    Device,
    ExitZero,
    FitChoice,
    Force,
    Goal,
    HorizonText,
    HtmlFile,
    Jobs,
    JsonFile,
    Quiet,
    Replicas,
    Seed,
    Verbose,
)

from .output import looks, refuse_unwritable, show, write_text, written
from .training import options_of, progress_on

if TYPE_CHECKING:
    from unstuck.result.comparisons import Comparison

SideText = Annotated[
    str,
    typer.Argument(show_default=False, metavar="SIDE",
                   help="A script; git:REV or git:REV:PATH, a script at that revision; or SAVED#1, the"
                   " first repair of a saved diagnosis."),
]


def compare(
    a: SideText,
    b: SideText,
    a_args: Annotated[str, typer.Option("--a-args", help="Arguments of A.", metavar="TEXT")] = "",
    b_args: Annotated[str, typer.Option("--b-args", help="Arguments of B.", metavar="TEXT")] = "",
    metric: Annotated[
        Literal["success", "score", "loss"],
        typer.Option(help="What decides: how often they learn, the yardstick's score, the final loss."),
    ] = "success",
    margin: Annotated[
        float | None,
        typer.Option(min=0, help="The difference that does not matter, in points of success or in the"
                     " metric's units.", show_default="3 points, or 2 % of what the metric spans"),
    ] = None,
    at_least: Annotated[
        str | None,
        typer.Option("--at-least", help="Exit by this instead: 'B >= A + 5'.", metavar="CONDITION"),
    ] = None,
    budget: BudgetText = "2m",
    replicas: Replicas = None,
    horizon: HorizonText = None,
    fit: FitChoice = "auto",
    goal: Goal = None,
    seed: Seed = 0,
    device: Device = None,
    jobs: Jobs = None,
    json: JsonFile = None,
    html: HtmlFile = None,
    force: Force = False,
    quiet: Quiet = False,
    verbose: Verbose = 0,
    color: Colors = "auto",
    exit_zero: ExitZero = False,
) -> int:
    """Train two scripts on the same seeds until it is decided whether B is better than A.

    Exits 0 where B is not worse, 1 where it is, 3 where that is undecided. For example:
    unstuck compare git:HEAD~1 train.py
    """
    refuse_unwritable(json, html, force=force)
    options = options_of(budget, replicas, seed, goal, device, jobs)
    options = replace(options, whole=horizon == "full",
                      horizon=None if horizon in (None, "full") else int(horizon))
    from unstuck.diagnosis.comparing import Asked
    from unstuck.diagnosis.comparing import compare as compared
    from unstuck.doors.sides import captured, parsed
    from unstuck.reports.comparison import render

    sides = parsed((a, b))
    names = tuple(" ".join(filter(None, (side.name, text)))
                  for side, text in zip(sides, (a_args, b_args), strict=True))
    progress = progress_on(quiet, color)
    try:
        with ExitStack() as kept:
            one, other = (captured(side, shlex.split(text), fit=fit, seed=seed, kept=kept)
                          for side, text in zip(sides, (a_args, b_args), strict=True))
            found = compared(one, other, (names[0], names[1]), options=options, progress=progress,
                             asked=Asked(metric=metric, margin=margin, at_least=at_least))
    finally:
        progress.close()
    show(render("text", found, verbose=-1 if quiet else verbose, **looks(color)))
    sys.stdout.flush()
    written(json, lambda path: write_text(path, render("json", found), force=force))
    written(html, lambda path: write_text(path, render("html", found), force=force))
    return WELL if exit_zero else exit_code(found)


def exit_code(found: Comparison) -> int:
    """0 where B is not worse, or meets what was asked; 1 where not; 3 where that is open."""
    if found.asked is not None:
        return {True: WELL, False: PROVED, None: INCONCLUSIVE}[found.met]
    return {"worse": PROVED, "undecided": INCONCLUSIVE}.get(found.verdict, WELL)
