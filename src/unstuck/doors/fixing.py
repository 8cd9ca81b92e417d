"""From a repair to a file: which one, where to, proved once more, and written safely.

The script is only ever replaced on request, then with a backup, and never if it is another than the
one that was diagnosed. No file that exists is replaced unless that was asked for.
"""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from unstuck.base.atomic import write_bytes
from unstuck.base.errors import UnstuckError
from unstuck.reports.parts import words
from unstuck.result.results import Repair, Result

if TYPE_CHECKING:
    from unstuck.base.journal import Journal
    from unstuck.base.progress import Progress
    from unstuck.base.stats import Rate
    from unstuck.diagnosis.diagnosis import Options
    from unstuck.diagnosis.repair import Repaired


def choose(result: Result, number: int) -> Repair | None:
    """The repair of that number, from 1; None where there is none at all.

    Raises:
        UnstuckError: there are others but not this one, or it cannot be written.
    """
    if not result.repairs:
        return None
    if number > len(result.repairs):
        known = words.count(len(result.repairs), "repair").replace(words.NBSP, " ")
        raise UnstuckError(f"There is no repair {number}: the diagnosis has {known}.")
    repair = result.repairs[number - 1]
    if repair.edits is None:
        names = words.listed(list(repair.interventions))
        other = next((i for i, r in enumerate(result.repairs, 1) if r.edits is not None), None)
        hint = "" if other is None else f" --repair {other} can be written."
        raise UnstuckError(
            f"This repair ({names}) has to be made by hand: its place in the script cannot be"
            f" edited safely.{hint}"
        )
    return repair


def source_of(result: Result) -> Path:
    """The diagnosed script, unchanged since.

    Raises:
        UnstuckError: there was none, it is gone, or it has been changed.
    """
    if result.script.path is None:
        raise UnstuckError("This model was diagnosed from Python, so there is no script to repair.")
    path = Path(result.script.path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UnstuckError(
            f"{path}, which was diagnosed, cannot be read: {error.strerror or error}. Run fix in"
            " the folder in which the diagnosis was run."
        ) from error
    if hashlib.sha256(data).hexdigest() != result.script.sha256:
        raise UnstuckError(
            f"{path} has been changed since it was diagnosed, so the repair no longer fits."
            f" Diagnose it again: unstuck fix {path}"
        )
    return path


def destination(result: Result, *, in_place: bool, output: Path | None, force: bool) -> Path:
    """The file that will be written.

    Raises:
        UnstuckError: it, or the backup, is there already and `force` is not given; or as
            `source_of` does.
    """
    script = source_of(result)
    if in_place:
        backup = backup_of(script)
        if backup.exists() and not force:
            raise UnstuckError(
                f"{backup} is there already; it would become the backup. Move it, or use --force."
            )
        return script
    place = output or script.with_name(f"{script.stem}_unstuck{script.suffix}")
    if place.exists() and place.samefile(script):
        raise UnstuckError(f"{place} is the script itself; use --in-place to change it.")
    if place.is_dir():
        raise UnstuckError(f"{place} is a directory; name a file.")
    if place.exists() and not force:
        raise UnstuckError(f"{place} is there already; use -o FILE, or --force to replace it.")
    return place


def backup_of(script: Path) -> Path:
    """Where the old script goes."""
    return script.with_name(script.name + ".orig")


def proved(
    result: Result, repair: Repair, *, options: Options, modernise: bool, progress: Progress,
    journal: Journal | None = None,
) -> Repaired:
    """The rewritten script, trained on fresh seeds by the diagnosis's own yardstick."""
    from unstuck.diagnosis.repair import prove
    from unstuck.script import Script

    script = Script.read(source_of(result))
    if options.goal is None:
        options = dataclasses.replace(options, goal=result.goal.asked)
    return prove(script, repair, options=options, argv=result.script.argv,
                 fit=str(result.fit.index), modernise=modernise, progress=progress,
                 journal=journal)


def modern(result: Result) -> Repaired:
    """The script in today's spelling, and nothing else changed."""
    from unstuck.diagnosis.repair import translated
    from unstuck.script import Script

    return translated(Script.read(source_of(result)), argv=result.script.argv,
                      fit=str(result.fit.index))


def by_hand(repaired: Repaired) -> list[str]:
    """What of other years is left in a script, a line each, and what is written today."""
    from unstuck.script.old_spellings import old_spellings

    return [f"line {old.line}: {old.old} is left; today: {old.new}"
            for old in old_spellings(repaired.script)]


def exported(repaired: Repaired, folder: Path, *, options: Options) -> str:
    """Write the repaired model's encoder and decoder into a folder, and say where they are.

    Raises:
        UnstuckError: it cannot be cut in two, or did not learn.
        OSError: the files cannot be written.
    """
    from unstuck.diagnosis.encoder_decoder import export

    assert repaired.recipe is not None and repaired.goal is not None
    places = export(repaired.recipe, repaired.goal, folder, seed=options.seed, threads=options.jobs)
    return f"{places[0]} and {places[1]} are written, from one training that learned."


def write(result: Result, data: bytes, place: Path, *, in_place: bool) -> None:
    """Write the rewritten script; in place, the old one is kept beside it first.

    Raises:
        UnstuckError: the script was changed in the meantime.
        OSError: it cannot be written.
    """
    script = source_of(result)
    if in_place:
        write_bytes(backup_of(script), script.read_bytes())
    write_bytes(place, data)


def summary(repair: Repair | None, rate: Rate, place: Path, *, in_place: bool) -> str:
    """What was written, and how well it learns; without a repair, only the spelling is another."""
    if repair is None:
        kept = f" The old script is {backup_of(place)}." if in_place else ""
        return f"{place} is written: today's spelling, the same training.{kept}"
    names = words.listed(list(repair.interventions))
    measured = words.rate(rate.successes, rate.trials, (rate.low, rate.high))
    kept = f" The old script is {backup_of(place)}." if in_place else ""
    text = f"{place} is written: {names}. Trained on fresh seeds it learned in {measured}.{kept}"
    return text.replace(words.NBSP, " ")
