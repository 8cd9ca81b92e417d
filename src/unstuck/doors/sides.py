"""The two sides of a comparison: scripts, revisions of git's, or repairs of saved diagnoses."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from unstuck.base.errors import UnstuckError
from unstuck.capture import Captured, capture_script, capture_text, drawing_from
from unstuck.diagnosis.repair import remade
from unstuck.diagnosis.saved import read
from unstuck.doors import fixing
from unstuck.script import Script

GIT = "git:"


@dataclass(frozen=True, kw_only=True)
class Side:
    """One side as the user wrote it: a `path`, at a `revision` or with the `repair` of a number."""

    name: str
    path: Path | None
    revision: str | None = None
    repair: int | None = None


def parsed(texts: tuple[str, str]) -> tuple[Side, Side]:
    """The two sides; `git:REV` without a path is the other side's script.

    Raises:
        UnstuckError: one of them is no script, revision or repair.
    """
    one, other = map(_side, texts)
    pair = [one, other]
    for number, (mine, theirs) in enumerate(((one, other), (other, one))):
        if mine.path is None and theirs.path is None:
            raise UnstuckError(f"{mine.name} and {theirs.name} name no script: write git:REV:PATH.")
        if mine.path is None:
            pair[number] = Side(name=mine.name, path=theirs.path, revision=mine.revision)
    return pair[0], pair[1]


def _side(text: str) -> Side:
    if text.startswith(GIT):
        revision, _, path = text.removeprefix(GIT).partition(":")
        return Side(name=text, path=Path(path) if path else None, revision=revision)
    stem, mark, number = text.rpartition("#")
    if mark and number.isdecimal():
        return Side(name=text, path=Path(stem), repair=int(number))
    return Side(name=text, path=Path(text))


def captured(
    side: Side, arguments: Sequence[str], *, fit: str, seed: int, kept: ExitStack
) -> Captured:
    """The training of one side.

    Args:
        side: which.
        arguments: the script's; where there are none, those of a saved diagnosis are taken.
        fit: which call of `fit`.
        seed: for data that a script draws without a seed, so that both sides draw the same.
        kept: holds what a revision was unpacked into until the comparison is over.

    Raises:
        UnstuckError: as `capture_script`, or there is no such revision or repair.
    """
    assert side.path is not None
    if side.repair is not None:
        return _repaired(side.path, side.repair, arguments, seed)
    path = side.path
    if side.revision is not None:
        path = _unpacked(side.revision, path, kept)
    with drawing_from(seed):
        return capture_script(path, arguments, fit=fit)


def _repaired(saved: Path, number: int, arguments: Sequence[str], seed: int) -> Captured:
    result, _ = read(saved)
    repair = fixing.choose(result, number)
    if repair is None:
        raise UnstuckError(f"{saved} holds no repair.")
    path = fixing.source_of(result, saved=saved)
    argv, fit = arguments or result.script.argv, str(result.fit.index)
    after = remade(Script.read(path), repair, first=result.population.seeds[0], argv=argv, fit=fit)
    with drawing_from(seed):
        return capture_text(after.text, filename=str(path), argv=argv, fit=fit)


def _unpacked(revision: str, path: Path, kept: ExitStack) -> Path:
    """The script as that revision has it, beside all that the revision has."""
    if shutil.which("git") is None:
        raise UnstuckError("git is not installed, so that no revision can be read.")
    folder = path.parent if path.parent.is_dir() else Path()
    top = Path(_git(folder, "rev-parse", "--show-toplevel").decode().strip())
    inside = Path(os.path.relpath(path.resolve(), top.resolve()))
    archive = _git(top, "archive", "--format=tar", revision)
    place = Path(kept.enter_context(tempfile.TemporaryDirectory(prefix="unstuck-")))
    with tarfile.open(fileobj=io.BytesIO(archive)) as packed:
        packed.extractall(place, filter="data")
    if not (place / inside).is_file():
        raise UnstuckError(f"{revision} has no file {inside.as_posix()}.")
    return place / inside


def _git(folder: Path, *arguments: str) -> bytes:
    done = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, check=False)
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise UnstuckError(f"git {' '.join(arguments)}: {said[-1] if said else done.returncode}")
    return done.stdout
