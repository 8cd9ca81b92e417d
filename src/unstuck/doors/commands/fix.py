"""`unstuck fix`: from a script, or a saved diagnosis, to the repaired script."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from unstuck import reports
from unstuck.base.errors import UnstuckError
from unstuck.doors import fixing
from unstuck.doors.exits import FAILED, INTERRUPTED, PROVED, WELL, exit_code, say
from unstuck.doors.switches import (
    Arguments,
    BudgetText,
    Cluster,
    Colors,
    Device,
    FitChoice,
    Fresh,
    Goal,
    Jobs,
    JournalFolder,
    NoJournal,
    Quiet,
    Replicas,
    ScriptFile,
    Seed,
)

from .output import looks, show
from .training import asked_fit, options_of, progress_on, shelf_in


def fix(
    target: Annotated[
        Path,
        typer.Argument(help="A script, or what run --save wrote.", metavar="SAVED|SCRIPT",
                       show_default=False),
    ],
    arguments: Arguments = None,
    diff: Annotated[bool, typer.Option("--diff", help="Show the change, write nothing.")] = False,
    in_place: Annotated[
        bool, typer.Option("--in-place", help="Change the script; the old one becomes NAME.orig.")
    ] = False,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Write to FILE.", metavar="FILE")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace files that exist.")] = False,
    repair: Annotated[int, typer.Option(min=1, help="Which of the repairs, as reported.")] = 1,
    modernise: Annotated[
        bool, typer.Option("--modernise", help="Also write Keras 1, 2 and tf.keras as Keras 3.")
    ] = False,
    export: Annotated[
        Path | None,
        typer.Option(help="Also write the repaired, trained encoder and decoder as .keras files.",
                     metavar="FOLDER"),
    ] = None,
    budget: BudgetText = "2m",
    replicas: Replicas = None,
    fit: FitChoice = "auto",
    goal: Goal = None,
    seed: Seed = 0,
    device: Device = None,
    jobs: Jobs = None,
    cluster: Cluster = None,
    journal: JournalFolder = None,
    no_journal: NoJournal = False,
    fresh: Fresh = False,
    script: ScriptFile = None,
    quiet: Quiet = False,
    color: Colors = "auto",
) -> int:
    """Write the smallest proved repair into NAME_unstuck.py, after proving that very text.

    The rewritten script is trained on fresh seeds first; if it does not learn as was measured,
    nothing is written. A script is diagnosed before that; its arguments stand after --. Of a saved
    diagnosis no text is run: its repair is written anew into the script that it is about.
    """
    if diff + in_place + (output is not None) > 1:
        raise UnstuckError("--diff, --in-place and -o exclude each other.")
    options = options_of(budget, replicas, seed, goal, device, jobs, cluster)
    if fit == "all":
        raise UnstuckError("fix repairs one fit: give --fit its number.")
    if fit == "ask":
        fit = asked_fit(target, arguments or [])
    from unstuck.diagnosis.diagnosis import Diagnosis, diagnose_script
    from unstuck.diagnosis.saved import doubted, is_saved
    from unstuck.doors.runs_here import what_to_set
    from unstuck.script import Script as Source

    anew = target.is_file() and is_saved(target)
    if script is not None and not anew:
        raise UnstuckError("--script names the script of a saved diagnosis; there is none here.")
    writes = fixing.Destination(in_place=in_place, output=output, force=force, shown=diff)
    if not anew and target.is_file():
        writes.place(target)
    if export is not None:
        fixing.refuse_export(export, force=force)
    progress, shelf = progress_on(quiet, color), shelf_in(journal, no_journal, fresh)
    try:
        if anew:
            diagnosis: Diagnosis = Diagnosis.load(target)
        else:
            diagnosis = diagnose_script(
                target, arguments or [], options=options, fit=fit, progress=progress, shelf=shelf
            )
        result = diagnosis.result
        chosen = fixing.choose(result, repair)
        if chosen is None:
            progress.close()
            with doubted(target) if anew else nullcontext():
                show(reports.render("text", result, **looks(color)))
            if not modernise:
                shelf.close(done=exit_code(result) not in (INTERRUPTED, FAILED))
                return exit_code(result)
        path = fixing.source_of(result, saved=target if anew else None, named=script)
        place = writes.place(path)
        given = arguments or list(result.script.argv)
        if anew:
            say(f"unstuck: {fixing.said(path, result, given)}")
        source = Source.read(path)
        repaired = fixing.modern(result, source, given) if chosen is None else fixing.proved(
            result, chosen, source, options=options, modernise=modernise, anew=anew,
            arguments=given, progress=progress, journal=shelf.journal)
        progress.close()
        if not repaired.ok:
            shelf.close(done=True)
            say(f"unstuck: nothing was written: {repaired.reason}.")
            return PROVED if chosen is not None else exit_code(result)
        for line in fixing.by_hand(repaired) if modernise else ():
            say(f"unstuck: {line}")
        if diff:
            show(repaired.diff)
        else:
            # What nobody has read yet, or what makes another network, is shown before it is written.
            other = chosen is not None and chosen.applicability == "unsafe"
            if other or (anew and not quiet):
                say(repaired.diff.rstrip())
            writes.write(source, repaired.script.data, place)
            say(fixing.summary(result, chosen, repaired.rate, place, in_place=in_place))
            set_first = what_to_set(repaired.script, place)
            if set_first:
                say(f"unstuck: {set_first}")
        if export is not None and chosen is not None:
            say(fixing.exported(repaired, export, options=options, force=force))
        shelf.close(done=True)  # only now: what was trained is kept until the files stand
    finally:
        progress.close()
        shelf.close(done=False)
    return WELL
