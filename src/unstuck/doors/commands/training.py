"""What the commands that train share: what is asked of the work, where it is told and kept."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from unstuck.base.errors import UnstuckError
from unstuck.base.journal import Shelf, user_folder
from unstuck.base.progress import Progress
from unstuck.doors.exits import say
from unstuck.doors.switches import names
from unstuck.doors.terminal import Color

if TYPE_CHECKING:
    from unstuck.diagnosis.diagnosis import Options


def options_of(
    budget: str, replicas: int | None, seed: int, goal: str | None, device: str | None,
    jobs: int | None, cluster: str | None = None, *, horizon: str | None = None,
    rows: int | None = None, select: list[str] | None = None,
    ignore: list[str] | None = None,
) -> Options:
    """The options of a diagnosis from what the switches say; Keras and JAX are imported here.

    Raises:
        UnstuckError: a switch names a check, a budget or a device that there is not.
    """
    begun = time.monotonic()
    from unstuck.reports.manual.pages import known_names

    chosen = known_names(names(select or [])), known_names(names(ignore or []))
    _use_device(device)
    from unstuck.diagnosis.diagnosis import Options

    return Options.read(
        budget=budget, horizon=horizon, rows=rows, replicas=replicas, seed=seed, goal=goal,
        device=device, jobs=jobs, cluster=cluster, select=chosen[0], ignore=chosen[1],
        begun=begun,
    )  # fmt: skip


def _use_device(device: str | None) -> None:
    """Choose JAX's platform, before anything is put on it, and Keras's backend."""
    import unstuck.network.adapter  # noqa: F401  first of all: it sees to it that Keras gets JAX

    if device is None:
        return
    import jax

    jax.config.update("jax_platforms", device)  # type: ignore[no-untyped-call]
    try:
        jax.devices()
    except RuntimeError as error:
        raise UnstuckError(
            f"JAX finds no {device} here. `unstuck doctor` shows what there is."
        ) from error


def progress_on(quiet: bool, color: Color) -> Progress:
    """Who is told how far the work is: standard error, or nobody."""
    if quiet:
        return Progress()
    from unstuck.doors.terminal_progress import TerminalProgress

    return TerminalProgress(sys.stderr, os.environ, color=color)


def shelf_in(folder: Path | None, none: bool, fresh: bool) -> Shelf:
    """Where the journal is: in the folder asked for, or the user's own.

    Raises:
        UnstuckError: the switches contradict each other.
    """
    if none and (fresh or folder is not None):
        raise UnstuckError("--no-journal excludes --journal and --fresh.")
    if folder is None and not none:
        try:
            folder = user_folder()
        except RuntimeError:  # no home
            return Shelf(None)
    return Shelf(folder, fresh=fresh)


def asked_fit(script: Path, arguments: list[str]) -> str:
    """Let the person at the terminal choose among the calls of fit.

    Raises:
        UnstuckError: there is no terminal, no such fit, or as `capture_script` does.
    """
    if not sys.stdin.isatty():
        raise UnstuckError("--fit ask needs a terminal to ask at; give the number of a fit.")
    from unstuck.capture import capture_script

    found = capture_script(script, arguments)
    calls = [f"line {found.line}: {found.call}", *found.others]
    if len(calls) == 1:
        return "1"
    for number, call in enumerate(calls, 1):
        say(f"  {number}  {call}")
    chosen: int = typer.prompt("Which fit", default=1, err=True, type=int)
    if not 1 <= chosen <= len(calls):
        raise UnstuckError(f"There is no fit {chosen}.")
    return str(chosen)
