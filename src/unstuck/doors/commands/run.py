"""`unstuck run`: from a script to a report."""

from __future__ import annotations

import functools
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unstuck.base.errors import NoFitCall, UnstuckError
from unstuck.doors.exits import (
    FAILED,
    INCONCLUSIVE,
    INTERRUPTED,
    PROVED,
    WELL,
    exit_code,
    own_fault,
    say,
    worst,
)
from unstuck.doors.switches import (
    Arguments,
    BudgetText,
    Cluster,
    Colors,
    Device,
    Diff,
    ExitZero,
    FitChoice,
    Force,
    Format,
    Fresh,
    Goal,
    HorizonText,
    HtmlFile,
    Ignore,
    Jobs,
    JournalFolder,
    JsonFile,
    NoData,
    NoJournal,
    PlanOnly,
    Quiet,
    Replicas,
    Rows,
    SaveFile,
    Script,
    Seed,
    Select,
    Through,
    Verbose,
)

from .output import (
    Detail,
    files_written,
    looks,
    refuse_unwritable,
    show,
    show_report,
    written,
)
from .training import asked_fit, options_of, progress_on, shelf_in

if TYPE_CHECKING:
    from unstuck.diagnosis.diagnosis import Options


def run(
    script: Script,
    arguments: Arguments = None,
    budget: BudgetText = "2m",
    horizon: HorizonText = None,
    rows: Rows = None,
    replicas: Replicas = None,
    select: Select = None,
    ignore: Ignore = None,
    fit: FitChoice = "auto",
    plan: PlanOnly = False,
    through: Through = False,
    diff: Diff = False,
    format: Format = "text",
    json: JsonFile = None,
    html: HtmlFile = None,
    no_data: NoData = False,
    save: SaveFile = None,
    force: Force = False,
    goal: Goal = None,
    seed: Seed = 0,
    device: Device = None,
    jobs: Jobs = None,
    cluster: Cluster = None,
    journal: JournalFolder = None,
    no_journal: NoJournal = False,
    fresh: Fresh = False,
    quiet: Quiet = False,
    verbose: Verbose = 0,
    color: Colors = "auto",
    exit_zero: ExitZero = False,
) -> int:
    """Run a script up to its fit, find out why it does not learn, and report.

    Nothing is written but what is asked for. For example:
    unstuck run train.py --save train.unstuck -- --data my.npz
    """
    refuse_unwritable(json, html, save, force=force)
    options = options_of(budget, replicas, seed, goal, device, jobs, cluster, horizon=horizon,
                         rows=rows, select=select, ignore=ignore)
    shown = save is not None or html is not None or json is not None or format == "json"
    options = replace(options, pictures=shown)
    from unstuck.diagnosis.diagnosis import diagnose_script

    if fit == "ask":
        fit = asked_fit(script, arguments or [])
    if plan:
        return _planned(script, arguments or [], fit, options, looks(color), verbose)
    if fit == "all" and (through or save or json or html or format != "text"):
        raise UnstuckError("--fit all prints one report after the other; choose one fit by its"
                           " number for --through, --save, --json, --html and --format.")

    def one(fit: str) -> tuple[int, int]:
        """Diagnose one fit and report; its exit code, and how many fits there are."""
        progress, shelf = progress_on(quiet, color), shelf_in(journal, no_journal, fresh)
        try:
            diagnosis = diagnose_script(
                script, arguments or [], options=options, fit=fit, through=through, progress=progress,
                shelf=shelf,
            )
            progress.close()
            detail = Detail(verbose=-1 if quiet else verbose, diff=diff, data=not no_data,
                            saved=None if save is None else str(save))
            show_report(diagnosis.result, format, color, detail)
            sys.stdout.flush()
            code = exit_code(diagnosis.result)
            done = written(save, functools.partial(diagnosis.save, force=force)) & files_written(
                diagnosis.result, json, html, detail, force=force)
            if diagnosis.fault is not None:
                own_fault(diagnosis.fault)
            if code in (INTERRUPTED, FAILED) and shelf.journal is not None and shelf.journal.holds:
                say("unstuck: the same command goes on where this one stopped")
            shelf.close(done=done and code not in (INTERRUPTED, FAILED))
        finally:
            progress.close()
            shelf.close(done=False)
        return code, diagnosis.result.fit.of

    code, of = one("1" if fit == "all" else fit)
    for number in range(2, of + 1 if fit == "all" else 2):
        show("\n")
        try:
            code = worst(code, one(str(number))[0])
        except NoFitCall:
            break
    return WELL if exit_zero and code in (PROVED, INCONCLUSIVE) else code


def _planned(
    script: Path, arguments: list[str], fit: str, options: Options, look: dict[str, Any], verbose: int
) -> int:
    """Say what would be tried and what a training costs; nothing is trained."""
    from unstuck.capture import capture_script, drawing_from
    from unstuck.diagnosis.checking import check_script
    from unstuck.reports.checkup import render

    with drawing_from(options.seed):
        captured = capture_script(script, arguments, fit=fit)
    show(render("text", check_script(captured, arguments, options=options, plan_only=True),
                verbose=verbose, **look))
    return WELL
