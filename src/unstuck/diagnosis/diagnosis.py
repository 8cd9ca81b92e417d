"""The doors: from a script or a model to its diagnosis.

`diagnose_script` and `diagnose` are the doors; both come back with a `Diagnosis`, whatever the
budget or Ctrl-C cut short, as long as there is a population to speak of.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from unstuck.base.errors import Stuck, UnstuckError
from unstuck.base.journal import Journal, Shelf
from unstuck.base.progress import Progress
from unstuck.base.reading import refuse_no_script
from unstuck.capture import (
    Captured,
    capture_model,
    capture_module,
    capture_script,
    drawing_from,
    random_state_kept,
)
from unstuck.population.backends import refuse_unreachable
from unstuck.population.chunks import Chunks
from unstuck.population.identity import fingerprint
from unstuck.population.workers import Workers
from unstuck.result import results
from unstuck.search.budget import Budget

from . import account, saved
from .applied_repair import ReadyRepair
from .options import Options
from .steps import Steps

HEALTHY = ("LEARNS", "AT_FLOOR", "BEGINS", "LATE")
"""Outcomes of a training that learns what can be learned."""
KERAS_UPDATE = 3e-3
"""Seconds that an update of a small network takes in Keras's own `fit`, roughly."""


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Diagnosis:
    """What was found, and the arrays behind it: "control/loss" [replica, epoch] and so on.

    `fault` is an error of ours that cut it short, `ready` the repairs as trainings; neither is saved.
    """

    result: results.Result
    arrays: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    fault: Exception | None = None
    ready: tuple[ReadyRepair, ...] = ()

    @property
    def outcome(self) -> str:
        """The whole in one word."""
        return self.result.outcome

    @property
    def causes(self) -> tuple[results.Arm, ...]:
        """The arms shown to be causes: those that help alone, strongest first, then the hidden ones.

        A hidden cause is not shown to help alone, but a repair is shown to need it; `company` names
        what it is needed with.
        """
        return self.result.proved

    @property
    def acquitted(self) -> tuple[results.Arm, ...]:
        """The arms that were changed and nothing happened."""
        return self.result.by_verdict("acquitted")

    @property
    def repairs(self) -> tuple[results.Repair, ...]:
        """The proved repairs, the least invasive first."""
        return self.result.repairs

    def repair(self, number: int = 1) -> ReadyRepair:
        """A proved repair, to be put into effect: `diagnosis.repair().apply(model)`.

        Args:
            number: which of `repairs`, from 1.

        Raises:
            UnstuckError: there is none of that number, or the diagnosis was read from a file.
        """
        if not 1 <= number <= len(self.repairs):
            known = len(self.repairs)
            raise UnstuckError(
                f"There is no repair {number}: the diagnosis has {known or 'none'}.")
        if not self.ready:
            raise UnstuckError(
                "A diagnosis from a file has no networks in it. Diagnose the model again, or write"
                " the repair with unstuck fix.")
        return self.ready[number - 1]

    def raise_if_stuck(self) -> None:
        """Nothing where it learns; for tests.

        Raises:
            Stuck: it does not. An AssertionError, whose text is the report in short.
        """
        if self.outcome not in HEALTHY:
            from unstuck.reports import render

            raise Stuck(render("text", self.result, verbose=-1).strip())

    def to_json(self) -> str:
        """The JSON document of the contract."""
        from unstuck.reports import render

        return render("json", self.result)

    def to_html(self, *, data: bool = True) -> str:
        """The report as one page; without `data`, none of the rows is in it."""
        from unstuck.reports import render

        return render("html", self.result, data=data)

    def _repr_html_(self) -> str | None:
        """The top of the page, for notebooks; they show the text where nothing can be drawn."""
        from unstuck.reports.formats.html import fragment
        from unstuck.reports.html_page.drawer import can_draw

        return fragment(self.result) if can_draw() else None

    def save(self, path: str | Path, *, force: bool = False) -> None:
        """Write everything to one file; one that unstuck did not write is replaced with `force` only.

        Raises OSError and UnstuckError.
        """
        saved.write(Path(path), self.result, self.arrays, force=force)

    @classmethod
    def load(cls, path: str | Path) -> Diagnosis:
        """Read a saved diagnosis. Raises BadSavedFile."""
        result, arrays = saved.read(Path(path))
        return cls(result=result, arrays=arrays)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """What IPython shows where it shows no page."""
        printer.text(str(self))

    def __repr__(self) -> str:
        rate = self.result.population
        return (f"Diagnosis({self.outcome}: {rate.successes} of {rate.replicas} trainings learned,"
                f" {len(self.causes)} causes, {len(self.repairs)} repairs)")

    def __str__(self) -> str:
        from unstuck.reports import render

        return render("text", self.result)


def diagnose_script(
    path: Path,
    argv: Sequence[str] = (),
    *,
    options: Options | None = None,
    fit: str = "auto",
    through: bool = False,
    progress: Progress | None = None,
    shelf: Shelf | None = None,
) -> Diagnosis:
    """Run a script up to its `fit` and diagnose it.

    Args:
        path: the script.
        argv: its arguments.
        options: how to diagnose.
        fit: which of several `fit` calls: a number from 1, or "auto", which is the first that does
            not learn, as far as earlier ones train in half of the budget's time.
        through: let the script really train and go on to its end first.
        progress: told what is going on.
        shelf: where the journal is, with which a run that was cut short is gone on with.

    Raises:
        UnstuckError: with the exit code of UX.md § 2.
    """
    progress, options = progress or Progress(), options or Options()
    if path.exists():
        refuse_no_script(path)
        if path.is_file() and saved.is_saved(path):
            raise UnstuckError(f"{path} is a saved diagnosis: `unstuck report {path}` shows it again,"
                               f" `unstuck fix {path}` writes its repair.")
    if options.cluster is not None:
        refuse_unreachable(options.cluster)
    begun = time.monotonic()
    first = _diagnose_fit(path, argv, fit, through, options, progress, shelf)
    found, number = first, 1
    while fit == "auto" and not through and found.outcome in HEALTHY and number < found.result.fit.of:
        number += 1
        # The earlier fits really train now, which is worth it only where they take no time.
        left = (options.budget.seconds or 0.0) - (time.monotonic() - begun)
        if first.result.fit.updates * KERAS_UPDATE > 0.5 * left:
            break
        rest = replace(options, budget=replace(options.budget, seconds=left), begun=time.monotonic())
        try:
            found = _diagnose_fit(path, argv, str(number), False, rest, progress, None, (
                f"Every fit before it learns, so that fit {number} was looked at.",))
        except UnstuckError:
            break
    return first if found.outcome in HEALTHY else found


def _diagnose_fit(
    path: Path, argv: Sequence[str], fit: str, through: bool, options: Options,
    progress: Progress, shelf: Shelf | None, notes: tuple[str, ...] = (),
) -> Diagnosis:
    """One fit of a script. The journal is of the first that is looked at."""
    journal = None
    if shelf is not None and path.is_file():
        asked = {**options.asked, "fit": fit, "through": through}
        journal = shelf.open(path, account.identity(path, argv, asked))
    progress.stage("watching your fit" if through else "running your script up to its fit")
    begun = time.monotonic() if options.begun is None else options.begun
    with drawing_from(options.seed):
        captured = capture_script(path, argv, fit=fit, through=through)
    if journal is not None and not journal.agree("data", account.data(captured)):
        journal.notes.append("an unfinished diagnosis of this script could not be gone on with,"
                             " because its data, or code that it imports, are others now")
    captured = replace(captured, notes=(*notes, *captured.notes))
    # A fit that was watched to its end is the user's own training.
    options = replace(options, begun=None if through else begun)
    return diagnose_captured(captured, options=options, progress=progress, argv=argv, journal=journal)


def diagnose(
    model: Any,
    *training: Any,
    budget: str = "2m",
    replicas: int | None = None,
    seed: int = 0,
    goal: str | None = None,
    horizon: int | str | None = None,
    rows: int | None = None,
    journal: str | Path | None = None,
    **fit_arguments: Any,
) -> Diagnosis:
    """Diagnose a model on the data it would be fitted on. Prints nothing.

    With Keras it is `diagnose(model, x, y, epochs=12)`; with torch
    `diagnose(module, loss_fn, optimizer, loader, epochs=12)`, of a loader that gives batches of
    (inputs, targets). All that is handed over is left as it is.

    Args:
        model: a compiled `keras.Model`, or where a `.keras` file of one is, or a `torch.nn.Module`.
        training: inputs and targets as for `fit`; of a module its loss, optimizer and loader.
        budget: "90s", "2m" or "200runs".
        replicas: most replicas of any arm.
        seed: base seed of the population.
        goal: what counts as learned, such as "accuracy >= 0.95".
        horizon: updates that each training goes, or "full" for all of them; by default as far as the
            budget has room for.
        rows: so many of the rows are trained on, each class with its share; by default all.
        journal: a folder in which finished trainings are kept until the diagnosis has ended; one
            that was cut short is gone on with by the same call on the same data.
        fit_arguments: `fit`'s other arguments, by name; of a module its `epochs`.

    Raises:
        UnstuckError: what was handed over cannot be trained, and why.
    """
    options = Options.read(budget=budget, horizon=horizon, rows=rows, replicas=replicas, seed=seed,
                           goal=goal)
    capture = capture_module if _is_module(model) else capture_model
    captured = capture(model, *training, **fit_arguments)
    shelf, done = Shelf(None if journal is None else Path(journal)), False
    try:
        kept = None
        if journal is not None:
            # The journals of one training lie together, as those of one script do.
            kept = shelf.open(Path(fingerprint(captured.recipe)), account.identity(
                None, (), {**options.asked, "data": account.data(captured)}))
        found = diagnose_captured(captured, options=options, progress=Progress(), journal=kept)
        done = found.fault is None and not found.result.interrupted
    finally:
        shelf.close(done=done)
    return found


def _is_module(model: Any) -> bool:
    """Whether a model is torch's, which nobody imports who has not got one."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(model, torch.nn.Module)


def diagnose_captured(
    captured: Captured, *, options: Options, progress: Progress, argv: Sequence[str] = (),
    journal: Journal | None = None,
) -> Diagnosis:
    """Diagnose what a capture came back with; random state is afterwards as before."""
    workers = None
    if options.cluster is not None or (options.jobs or 1) > 1:
        workers = Workers(jobs=options.jobs or 1, cluster=options.cluster)
    try:
        chunks = Chunks(journal, workers)
        if options.begun is not None and options.budget.seconds is not None:
            chunks.clock.forward(time.monotonic() - options.begun)
        with random_state_kept():
            found = Steps(captured, options, progress, argv, chunks).run()
            return Diagnosis(result=found.result, arrays=found.arrays, fault=found.fault,
                             ready=found.ready)
    finally:
        if workers is not None:
            workers.close()


__all__ = ["HEALTHY", "Budget", "Diagnosis", "Options", "diagnose", "diagnose_captured",
           "diagnose_script"]
