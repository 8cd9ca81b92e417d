"""`unstuck check`: what can be said of a script in seconds."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Annotated

import typer

from unstuck.base.errors import Located
from unstuck.doors.exits import PROVED, WELL
from unstuck.doors.switches import (
    Arguments,
    BudgetText,
    Colors,
    Device,
    ExitZero,
    FitChoice,
    Force,
    Goal,
    Ignore,
    JsonFile,
    Quiet,
    Script,
    Seed,
    Select,
    Verbose,
)

from .output import looks, refuse_unwritable, show, write_text, written
from .training import options_of, progress_on


def _format(value: str) -> str:
    from unstuck.reports.checkup import FORMATS

    if value not in FORMATS:
        raise typer.BadParameter(f"{value!r} is none of {', '.join(FORMATS)}.")
    return value


CheckFormat = Annotated[
    str, typer.Option("--format", callback=_format, help="One of text, json, sarif.")
]


def check(
    script: Script,
    arguments: Arguments = None,
    budget: BudgetText = "2m",
    select: Select = None,
    ignore: Ignore = None,
    fit: FitChoice = "auto",
    goal: Goal = None,
    seed: Seed = 0,
    device: Device = None,
    format: CheckFormat = "text",
    json: JsonFile = None,
    force: Force = False,
    quiet: Quiet = False,
    verbose: Verbose = 0,
    color: Colors = "auto",
    exit_zero: ExitZero = False,
) -> int:
    """Look at a script for a few seconds: facts, and what run would do. Changes are not tried.

    Exits 0 if nothing is found, 1 if facts are, 4 if the script fails before, or in, its fit; then
    with the cause. --budget is that of the run that is planned.
    """
    refuse_unwritable(json, force=force)
    options = options_of(budget, None, seed, goal, device, None, select=select, ignore=ignore)
    options = replace(options, begun=None)
    from unstuck.capture import capture_script, drawing_from
    from unstuck.diagnosis.checking import check_script, failed
    from unstuck.reports.checkup import render

    argv = arguments or []
    progress = progress_on(quiet, color)
    try:
        with drawing_from(seed):
            captured = capture_script(script, argv, fit=fit)
        found = check_script(captured, argv, options=options, progress=progress)
        code = PROVED if found.facts else WELL
    except Located as error:
        found, code = failed(str(script), argv, error), error.exit_code
    finally:
        progress.close()
    show(render(format, found, verbose=-1 if quiet else verbose, **looks(color)))
    sys.stdout.flush()
    written(json, lambda path: write_text(path, render("json", found), force=force))
    return WELL if exit_zero and code == PROVED else code
