"""`unstuck check`: what can be said of a script in seconds."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from unstuck.base.errors import Located, NoFitCall, UnstuckError
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

if TYPE_CHECKING:
    from unstuck.base.progress import Progress
    from unstuck.diagnosis.diagnosis import Options
    from unstuck.result.checkups import Checkup


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
    each: Annotated[
        bool, typer.Option("--each", help="Every argument is a script; those without a fit are passed"
                           " over. For pre-commit.")
    ] = False,
    budget: BudgetText = "2m",
    select: Select = None,
    ignore: Ignore = None,
    fit: FitChoice = "auto",
    goal: Goal = None,
    seed: Seed = 0,
    device: Device = None,
    format: CheckFormat = "text",
    json: JsonFile = None,
    sarif: Annotated[
        Path | None, typer.Option("--sarif", help="Also write the SARIF log.", metavar="FILE")
    ] = None,
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
    refuse_unwritable(json, sarif, force=force)
    if each and json is not None:
        raise UnstuckError("--json is of one script; --each has --format json, a document after the"
                           " other.")
    options = options_of(budget, None, seed, goal, device, None, select=select, ignore=ignore)
    options = replace(options, begun=None)
    from unstuck.reports.checkup import log_of, render

    scripts = [script, *map(Path, arguments or [])] if each else [script]
    look = {"verbose": -1 if quiet else verbose, **looks(color)}
    found: list[_Checked] = []
    for one in scripts:
        try:
            found.append(_checked(one, [] if each else arguments or [], fit, options,
                                  progress_on(quiet, color)))
        except NoFitCall:
            if not each:
                raise
            continue
        if format != "sarif":
            show(render(format, found[-1].checkup, **look))
            sys.stdout.flush()
    checkups = [one.checkup for one in found]
    if format == "sarif":
        show(log_of(checkups))
    written(sarif, lambda path: write_text(path, log_of(checkups), force=force))
    written(json, lambda path: write_text(path, render("json", checkups[0]), force=force))
    codes = (one.failed or (PROVED if one.checkup.facts else WELL) for one in found)
    code = max(codes, default=WELL)
    return WELL if exit_zero and code == PROVED else code


@dataclass(frozen=True, kw_only=True)
class _Checked:
    """A checkup, and the exit code of a script that failed; 0 where it did not."""

    checkup: Checkup
    failed: int = 0


def _checked(
    script: Path, argv: list[str], fit: str, options: Options, progress: Progress
) -> _Checked:
    from unstuck.capture import capture_script, drawing_from
    from unstuck.diagnosis.checking import check_script, failed

    try:
        with drawing_from(options.seed):
            captured = capture_script(script, argv, fit=fit)
        return _Checked(checkup=check_script(captured, argv, options=options, progress=progress))
    except Located as error:
        return _Checked(checkup=failed(str(script), argv, error), failed=error.exit_code)
    finally:
        progress.close()
