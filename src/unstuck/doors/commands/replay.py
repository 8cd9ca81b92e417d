"""`unstuck replay`: one proof of a saved diagnosis, run again."""

from __future__ import annotations

from typing import Annotated

import typer

from unstuck.doors import fixing
from unstuck.doors.exits import PROVED, WELL, say
from unstuck.doors.switches import BudgetText, Colors, Device, Jobs, Quiet, Saved, ScriptFile

from .output import show
from .training import options_of, progress_on


def replay(
    saved: Saved,
    arm: Annotated[
        str | None,
        typer.Argument(help="A change that was tried, by its name or a part of it; by default the"
                       " strongest cause.", show_default=False),
    ] = None,
    budget: BudgetText = "2m",
    device: Device = None,
    jobs: Jobs = None,
    script: ScriptFile = None,
    quiet: Quiet = False,
    color: Colors = "auto",
) -> int:
    """Run one proof of a saved diagnosis again, on the same seeds. Exits 0 if it holds, else 1."""
    options = options_of(budget, None, 0, None, device, jobs)
    from unstuck.diagnosis.saved import read
    from unstuck.doors.replay import choose
    from unstuck.doors.replay import replay as again
    from unstuck.script import Script as Source

    result, _ = read(saved)
    chosen = choose(result, arm)
    path = fixing.source_of(result, saved=saved, named=script)
    say(f"unstuck: {fixing.said(path, result, result.script.argv)}")
    progress = progress_on(quiet, color)
    try:
        found = again(result, chosen, Source.read(path), options=options, progress=progress)
    finally:
        progress.close()
    show(str(found))
    return WELL if found.same or found.near else PROVED
