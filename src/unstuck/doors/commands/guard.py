"""`unstuck guard`: does every training still learn as often as `unstuck.lock` says?"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from unstuck.base.atomic import checked
from unstuck.base.characters import printable
from unstuck.base.errors import UnstuckError
from unstuck.doors import fixing
from unstuck.doors.exits import INCONCLUSIVE, PROVED, WELL, say
from unstuck.doors.switches import (
    Arguments,
    BudgetText,
    Colors,
    Device,
    FitChoice,
    Goal,
    Jobs,
    Quiet,
    Replicas,
    Seed,
)

from .output import show
from .training import options_of, progress_on

if TYPE_CHECKING:
    from unstuck.diagnosis.guarding import Guarded
    from unstuck.result.locks import Locked

GuardedScript = Annotated[
    Path | None,
    typer.Argument(help="The script, or all that the lock file names.", show_default=False),
]


def guard(
    script: GuardedScript = None,
    arguments: Arguments = None,
    update: Annotated[
        bool, typer.Option("--update", help="Measure anew and write the lock file.")
    ] = False,
    lock: Annotated[
        Path, typer.Option("--lock", help="The lock file.", metavar="FILE")
    ] = Path("unstuck.lock"),
    budget: BudgetText = "2m",
    replicas: Replicas = None,
    fit: FitChoice = "auto",
    goal: Goal = None,
    seed: Seed = 0,
    device: Device = None,
    jobs: Jobs = None,
    quiet: Quiet = False,
    color: Colors = "auto",
) -> int:
    """Fail if a training learns less often than unstuck.lock says; the budget is that of each.

    Exits 0 if none does, 1 if one does, 3 if the budget was too small to tell. For example:
    unstuck guard --update train.py
    """
    options = options_of(budget, replicas, seed, goal, device, jobs)
    from unstuck.capture import capture_script, drawing_from
    from unstuck.diagnosis import guarding
    from unstuck.result.locks import is_lock, read, write

    known = read(lock) if os.path.lexists(lock) else ()
    if update:
        checked(lock, ours=is_lock, hint="name another")
    chosen = [one for one in known if script is None or (
        one.script == script.as_posix() and (not arguments or one.arguments == tuple(arguments)))]
    if not chosen and (script is None or not update):
        raise UnstuckError(f"{lock} holds no such training. Measure and write it with: unstuck guard"
                           f" --update {script or 'SCRIPT'}")
    if script is None:
        _say_what_runs(chosen, lock)
    progress = progress_on(quiet, color)
    codes: list[int] = []
    try:
        if update:
            asked = [(Path(one.script), one.arguments, one.fit, replace(
                options, seed=one.seed, goal=options.goal or one.goal or None)) for one in chosen] or [
                    (script or Path(), tuple(arguments or ()), fit, options)]
            made = {one.key: one for one in known}
            for path, argv, number, how in asked:
                with drawing_from(how.seed):
                    captured = capture_script(path, argv, fit=number)
                one = guarding.lock(captured, path.as_posix(), argv, options=how, progress=progress)
                made[one.key] = one
                progress.close()
                show(_locked(one))
            write(lock, made.values())
            return WELL
        for one in chosen:
            with drawing_from(one.seed):
                captured = capture_script(Path(one.script), one.arguments, fit=one.fit)
            found = guarding.guard(captured, one, options=options, progress=progress)
            progress.close()
            show("".join(f"{line}\n" for line in told(found)))
            sys.stdout.flush()
            codes.append({True: PROVED, False: WELL, None: INCONCLUSIVE}[found.fell])
    finally:
        progress.close()
    return next((code for code in (PROVED, INCONCLUSIVE) if code in codes), WELL)


def _say_what_runs(chosen: Sequence[Locked], lock: Path) -> None:
    """Say what a lock file chooses, before it is run; raise UnstuckError if it lies elsewhere."""
    for one in chosen:
        if not fixing.is_near(Path(one.script), lock):
            raise UnstuckError(f"{lock} names {one.script}, which lies neither here nor beside it. A"
                               " file cannot choose what is run: name it yourself: unstuck guard"
                               f" {shlex.quote(one.script)}")
    for one in chosen:
        say(f"unstuck: running {_name(one.script, one.arguments)} up to its fit")


def _locked(one: Locked) -> str:
    return (f"{_name(one.script, one.arguments)}: {one.successes} of {one.trainings} trainings learned"
            f" ({one.rate:.0%}, 95 % CI {one.low:.0%} to {one.high:.0%}); written down.\n")


def told(found: Guarded) -> Sequence[str]:
    """What was measured, and what it shows at which error rates, a line each."""
    from unstuck.reports.parts.words import one_in

    locked, plan = found.locked, found.plan
    name = _name(locked.script, locked.arguments)
    then = f"then {locked.successes} of {locked.trainings}, at least {locked.low:.0%}"
    now = f"{found.successes} of {found.trainings} trainings learned ({then})"
    verdict = {True: "LESS OFTEN than before", False: "not less often than before",
               None: f"not decided: {plan.trainings} trainings are needed; give more with --budget"}
    lines = [f"{name}: {now}: {verdict[found.fell]}.",
             f"  Fails below {plan.least} of {plan.trainings}: wrongly {one_in(plan.wrongly)}; misses a"
             f" fall to {plan.fallen:.0%} {one_in(plan.missed)}."]
    return [printable(line) for line in (*lines, *(f"  note: {note}" for note in found.notes))]


def _name(script: str, arguments: Sequence[str]) -> str:
    return shlex.join((script, *arguments))
