"""In a notebook: `%load_ext unstuck`, then `%%unstuck` on top of the cell that calls `fit`.

The cell is run up to its `fit`, with everything that the notebook knows; what it makes before is
kept there, as if it had been run. Places are told as Jupyter numbers its cells, `In [7]:3`. Where
there is a repair that can be written, the repaired cell is put below, not run.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from typing import Any

from unstuck.base.errors import UnstuckError
from unstuck.base.progress import Progress
from unstuck.capture import capture_cell
from unstuck.diagnosis.diagnosis import Diagnosis, Options, diagnose_captured
from unstuck.script import Edit, splice

_HELP = ("%%unstuck [--budget 2m] [--replicas N] [--goal 'accuracy >= 0.95'] [--fit N] [--seed N]"
         " [--horizon N|full] [--rows N]")


class _Arguments(argparse.ArgumentParser):
    """Switches of the magic; a wrong one is an error of the cell, not the end of the kernel."""

    def error(self, message: str) -> Any:
        raise UnstuckError(f"{message}. Write {_HELP}")


def switches(line: str) -> tuple[Options, str]:
    """What stands behind `%%unstuck`: how to diagnose, and which fit.

    Raises:
        UnstuckError: it is not to be understood.
    """
    parser = _Arguments(prog="%%unstuck", add_help=False)
    parser.add_argument("--budget", default="2m")
    parser.add_argument("--replicas", type=int)
    parser.add_argument("--goal")
    parser.add_argument("--fit", default="auto")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--horizon")
    parser.add_argument("--rows", type=int)
    try:
        given = parser.parse_args(shlex.split(line))
    except ValueError as error:
        raise UnstuckError(f"{error}. Write {_HELP}") from error
    return Options.read(budget=given.budget, replicas=given.replicas, goal=given.goal, seed=given.seed,
                        horizon=given.horizon, rows=given.rows), given.fit


def diagnose_cell(
    source: str, namespace: dict[str, Any], *, name: str, options: Options, fit: str = "auto"
) -> Diagnosis:
    """Run a cell up to its `fit` and diagnose it.

    Args:
        source: the cell's text, without the line of the magic.
        namespace: the notebook's; what the cell defines before its `fit` is put into it.
        name: what the cell is called, such as "In [7]".
        options: how to diagnose.
        fit: which of several `fit` calls, "auto" or a number from 1.

    Raises:
        UnstuckError: the cell raised, has no such `fit`, or cannot be trained.
    """
    captured = capture_cell(source, namespace, name=name, fit=fit)
    return diagnose_captured(captured, options=options, progress=Progress())


def repaired_cell(cell: str, source: str, diagnosis: Diagnosis) -> str | None:
    """The cell with the first repair that can be written; `None` if none can be.

    Args:
        cell: its text as it stands in the notebook.
        source: the same as Python, its magics turned into calls; line by line the same.
        diagnosis: of that source.
    """
    for repair in diagnosis.repairs:
        if repair.edits is None:
            continue
        edits = [_moved(Edit(start=e.start, end=e.end, replacement=e.replacement),
                        cell.encode(), source.encode()) for e in repair.edits]
        if None not in edits:
            return splice(cell.encode(), [edit for edit in edits if edit is not None]).decode()
    return None


def _moved(edit: Edit, cell: bytes, source: bytes) -> Edit | None:
    """An edit of the source as one of the cell; `None` where a magic stands in its lines."""
    ours, theirs = cell.split(b"\n"), source.split(b"\n")
    first, last = (source.count(b"\n", 0, place) for place in (edit.start, edit.end))
    if ours[first : last + 1] != theirs[first : last + 1]:
        return None
    shift = sum(map(len, ours[:first])) - sum(map(len, theirs[:first]))
    return Edit(start=edit.start + shift, end=edit.end + shift, replacement=edit.replacement)


def load_ipython_extension(shell: Any) -> None:
    """What `%load_ext unstuck` calls."""

    def magic(line: str, cell: str) -> Diagnosis | None:
        try:
            options, fit = switches(line)
            cell = f"\n{cell}"  # for the line of the magic, so that lines count as Jupyter's do
            source = f"\n{shell.transform_cell(cell[1:])}"
            number = len(shell.user_ns["In"]) - 1
            diagnosis = diagnose_cell(
                source, shell.user_ns, name=f"In [{number}]", options=options, fit=fit)
        except UnstuckError as error:
            sys.stderr.write(f"unstuck: {error}\n")
            return None
        better = repaired_cell(cell, source, diagnosis)
        if better is not None:
            names = ", ".join(diagnosis.repairs[0].interventions)
            shell.set_next_input(f"# unstuck: {names}{better}", replace=False)
        return diagnosis

    shell.register_magic_function(magic, magic_kind="cell", magic_name="unstuck")
