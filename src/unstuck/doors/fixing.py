"""From a repair to a file: which one, where to, proved once more, and written safely.

The script is only ever replaced on request, then with a backup, and never if it is another than the
one that was diagnosed. No file that exists is replaced unless that was asked for. Of a saved diagnosis
nothing is run: it says which script is meant, which is then looked for near by or named by the user.
"""

from __future__ import annotations

import dataclasses
import hashlib
import os
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from unstuck.base.atomic import checked, write_bytes
from unstuck.base.errors import UnstuckError
from unstuck.base.reading import refuse_no_script
from unstuck.reports.parts import horizon, repairs, words
from unstuck.result.results import Repair, Result

if TYPE_CHECKING:
    from unstuck.base.journal import Journal
    from unstuck.base.progress import Progress
    from unstuck.base.stats import Rate
    from unstuck.diagnosis.diagnosis import Options
    from unstuck.diagnosis.repair import Repaired
    from unstuck.script import Script


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


def source_of(result: Result, *, saved: Path | None = None, named: Path | None = None) -> Path:
    """The diagnosed script, unchanged since; or the one that the user names.

    Args:
        result: the diagnosis.
        saved: the file that it was read from, if it was.
        named: the script that the user says is meant, whatever the diagnosis says.

    Raises:
        UnstuckError: there was none, it is gone, it has been changed, or only the file names it.
    """
    if named is not None:
        _digest(named, "Name the script that the repair is to be written into.")
        return named
    if result.script.path is None:
        raise UnstuckError("This model was diagnosed from Python, so there is no script to repair.")
    path = Path(result.script.path)
    if saved is not None and not is_near(path, saved):
        raise UnstuckError(
            f"{saved} says that {path} was diagnosed, which lies neither here nor beside it. A file"
            f" cannot choose what is run: name the script yourself with --script {path}")
    found = _digest(path, "Run fix in the folder in which the diagnosis was run, or name the script"
                          " with --script FILE.")
    if found != result.script.sha256:
        anew = "" if saved is None else ", or name it with --script"
        raise UnstuckError(
            f"{path} has been changed since it was diagnosed, so the repair no longer fits."
            f" Diagnose it again: unstuck fix {path}{anew}"
        )
    return path


def _digest(path: Path, hint: str) -> str:
    try:
        refuse_no_script(path)
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise UnstuckError(f"{path} cannot be read: {error.strerror or error}. {hint}") from error


def is_near(path: Path, saved: Path) -> bool:
    """True for a script in the working directory, or in that of the file that names it, or below."""
    real = Path(os.path.realpath(path))
    return any(real.is_relative_to(os.path.realpath(folder)) for folder in (".", saved.parent))


def said(script: Path, result: Result, arguments: Sequence[str]) -> str:
    """What is going to be run for a saved diagnosis, before it is."""
    command = shlex.join([str(script), *arguments])
    same = hashlib.sha256(script.read_bytes()).hexdigest() == result.script.sha256
    return f"running {command} up to its fit" + ("" if same else "; it is not the text that was"
                                                 " diagnosed")


_OTHER = "use -o FILE, or --force to replace it"
_BACKUP = "it would become the backup: move it, or use --force"


def _none(stream: BinaryIO) -> bool:
    """A script is not replaced because we wrote it: somebody may have gone on with it since."""
    return False


@dataclass(frozen=True, kw_only=True)
class Destination:
    """Where the rewritten script goes: into the script itself, or a file beside or elsewhere.

    `force` replaces files that are there; where the change is only `shown`, nothing is written.
    """

    in_place: bool = False
    output: Path | None = None
    force: bool = False
    shown: bool = False

    def place(self, script: Path) -> Path:
        """The file that will be written, before anything is trained for it.

        Raises:
            UnstuckError: it cannot be written; or it, or the backup, is there already and `force` is
                not given.
        """
        place = self.output or script.with_name(f"{script.stem}_unstuck{script.suffix}")
        if self.in_place:
            checked(script, force=True)
            checked(backup_of(script), force=self.force, ours=_none, hint=_BACKUP)
            return script
        if self.shown:
            return place
        there = checked(place, force=True)
        if there is not None and os.path.samestat(there, script.stat()):
            raise UnstuckError(f"{place} is the script itself; use --in-place to change it.")
        checked(place, force=self.force, ours=_none, hint=_OTHER)
        return place

    def write(self, script: Script, data: bytes, place: Path) -> None:
        """Write the rewritten script; in place, the old one is kept beside it first.

        Raises:
            UnstuckError: the script was changed in the meantime, or something came to the destination.
            OSError: it cannot be written.
        """
        assert script.path is not None
        if script.path.read_bytes() != script.data:
            raise UnstuckError(f"{script.path} was changed while its repair was proved; nothing was"
                               " written. Run the same command again.")
        if not self.in_place:
            write_bytes(place, data, force=self.force, ours=_none, hint=_OTHER)
            return
        write_bytes(backup_of(script.path), script.data, force=self.force, ours=_none, hint=_BACKUP)
        write_bytes(place, data, ours=lambda stream: stream.read() == script.data,
                    hint="it was changed while its repair was proved")


def backup_of(script: Path) -> Path:
    """Where the old script goes."""
    return script.with_name(script.name + ".orig")


def proved(
    result: Result, repair: Repair, script: Script, *, options: Options, modernise: bool,
    anew: bool, arguments: Sequence[str], progress: Progress, journal: Journal | None = None,
) -> Repaired:
    """The rewritten script, trained on fresh seeds by the diagnosis's own yardstick.

    Args:
        result: the diagnosis.
        repair: one of its repairs.
        script: what it is written into.
        options: the budget and the cap on replicas.
        modernise: write the whole script in today's spelling too.
        anew: make the edits anew, because the diagnosis was read from a file.
        arguments: the script's.
        progress: told what is going on.
        journal: where finished trainings are kept.
    """
    from unstuck.diagnosis.repair import prove, remade, rewritten
    from unstuck.diagnosis.yardsticks import horizon_of

    if options.goal is None:
        options = dataclasses.replace(options, goal=result.goal.asked)
    options = dataclasses.replace(options, rows=result.fit.rows_asked)
    fit = str(result.fit.index)
    if anew:
        progress.stage("writing the repair anew")
        after = remade(script, repair, first=result.population.seeds[0], argv=arguments, fit=fit)
    else:
        after = rewritten(script, repair)
    return prove(script, repair, options=options, argv=arguments, fit=fit, modernise=modernise,
                 after=after, shown=result.goal.shown, horizon=horizon_of(result),
                 progress=progress, journal=journal)


def modern(result: Result, script: Script, arguments: Sequence[str]) -> Repaired:
    """The script in today's spelling, and nothing else changed."""
    from unstuck.diagnosis.repair import translated

    return translated(script, argv=arguments, fit=str(result.fit.index))


def by_hand(repaired: Repaired) -> list[str]:
    """What of other years is left in a script, a line each, and what is written today."""
    from unstuck.script.old_spellings import old_spellings

    return [f"line {old.line}: {old.old} is left; today: {old.new}"
            for old in old_spellings(repaired.script)]


def refuse_export(folder: Path, *, force: bool) -> None:
    """Refuse a folder for `exported`, before anything is trained for it. Raises UnstuckError."""
    from unstuck.diagnosis.encoder_decoder import checked_places

    checked_places(folder, force=force)


def exported(repaired: Repaired, folder: Path, *, options: Options, force: bool) -> str:
    """Write the repaired model's encoder and decoder into a folder, and say where they are.

    Raises:
        UnstuckError: it cannot be cut in two, or did not learn.
        OSError: the files cannot be written.
    """
    from unstuck.diagnosis.encoder_decoder import export

    assert repaired.recipe is not None and repaired.goal is not None
    places = export(repaired.recipe, repaired.goal, folder, seed=options.seed, threads=options.jobs,
                    force=force)
    return f"{places[0]} and {places[1]} are written, from one training that learned."


def summary(
    result: Result, repair: Repair | None, rate: Rate, place: Path, *, in_place: bool
) -> str:
    """What was written, and how well it learns; without a repair, only the spelling is another."""
    if repair is None:
        kept = f" The old script is {backup_of(place)}." if in_place else ""
        return f"{place} is written: today's spelling, the same training.{kept}"
    names = words.listed(list(repair.interventions))
    measured = words.rate(rate.successes, rate.trials, (rate.low, rate.high))
    kept = f" The old script is {backup_of(place)}." if in_place else ""
    learned = "learned" if result.horizon is None else f"began to learn {horizon.within(result)}"
    whole = "" if repair.applicability == "safe" else (
        f" {words.first_upper(repairs.purpose(repair, result))}.")
    text = (f"{place} is written: {names}. Trained on fresh seeds it {learned} in {measured}."
            f"{horizon.too_early(repair)}{whole}{kept}")
    return text.replace(words.NBSP, " ")
