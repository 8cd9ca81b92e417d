"""The steps of one diagnosis: yardstick, population, checks, search, account."""

from __future__ import annotations

import functools
import math
import time
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from unstuck.base.errors import TooSlow, UnstuckError
from unstuck.base.progress import Progress
from unstuck.base.stats import LOOKS
from unstuck.capture import Captured, told_of
from unstuck.checks import Certainty, Finding
from unstuck.checks._data import arrays
from unstuck.interventions.drop_missing import DropMissing
from unstuck.network.alone import asked_alone
from unstuck.network.horizon import Horizon, on_fewer_rows
from unstuck.network.recipe import bytes_of, half_the_rows
from unstuck.population import memory
from unstuck.population.chunks import Chunks
from unstuck.population.memory import OutOfMemory
from unstuck.reports.parts import words
from unstuck.result import results
from unstuck.search.budget import BudgetSpent
from unstuck.search.candidates import Candidate, placebo, singles
from unstuck.search.experiment import FEW, Experiment
from unstuck.search.pace import horizon_for
from unstuck.search.ranking import CURED
from unstuck.search.search import Search
from unstuck.search.wholes import Wholes, trained_whole

from . import account, scenes
from .applied_repair import ReadyRepair
from .clearing import cleared
from .horizons import horizon_info, seconds_of
from .looking import Looking
from .options import Options
from .outcome import by_heart_note, judge_outcome
from .rivals import ALONE, leaves_networks, told_of_rivals
from .yardsticks import yardstick

T = TypeVar("T")
DEFAULT_REPLICAS = 256
INTERRUPTED = "interrupted: this is what was known by then"
FIRST = 4
"""Replicas of the script as it is before anything is tried, where there is room for few trainings."""
LEAST_FIRST, ROOM_FOR_FIRST = 2, 32
"""So many where there is not room for that many more: each is one less to find the reason with."""
CONTROLS = 1 / 8
"""Share of a budget in trainings that the script as it is takes at most before anything is tried."""
LARGE = 5_000_000
"""Weights from which it is said at once that the first numbers take their time."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Found:
    """What a diagnosis comes to: the result, the arrays behind it, its repairs to be put into effect,
    and an error of ours that cut it short.
    """

    result: results.Result
    arrays: dict[str, NDArray[Any]]
    ready: tuple[ReadyRepair, ...]
    fault: Exception | None


class Steps:
    """One diagnosis on its way; every step notes what it took."""

    def __init__(
        self, captured: Captured, options: Options, progress: Progress, argv: Sequence[str],
        chunks: Chunks,
    ) -> None:
        captured = replace(captured, recipe=asked_alone(captured.recipe, options.goal))
        self.captured = captured
        self.options, self.progress, self.argv = options, progress, argv
        self.chunks = chunks
        self.parts: dict[str, float] = {}
        self.skipped: dict[str, str] = {}
        self.notes: list[str] = list(captured.notes)
        self.fault: Exception | None = None
        self._interrupted: KeyboardInterrupt | None = None
        self.horizon: Horizon | None = None
        self.wholes: Wholes | None = None
        if options.rows is not None and options.rows < captured.recipe.trained_rows:
            fewer = on_fewer_rows(captured.recipe, options.rows)
            self.captured = replace(captured, recipe=fewer)
            self.notes.append(f"as asked, trained on {fewer.trained_rows:,} of the"
                              f" {captured.recipe.trained_rows:,} rows, each class with its share")

    def run(self) -> Found:
        """All of it. Numbers too large, or none at all, are told as what they are, not as they pass."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            return self._run()

    def _run(self) -> Found:
        begun = time.monotonic()
        experiment = self._with_first_replicas()
        findings: list[Finding] = []
        candidates: list[Candidate] = []
        search, looking = None, self._looking()
        try:
            self._heed_interrupt()
            self._timed("population", lambda: self._control(experiment))
            if experiment.control.population is None:
                raise TooSlow(
                    f"The budget of {self.options.budget.text} was spent before a single training of"
                    " this script ended. Give more with --budget, or fewer rows or epochs."
                )
            findings = self._timed("checks", lambda: looking.look(experiment))
            spoilt = _is_spoilt(experiment)
            candidates = singles(experiment.recipe, experiment.goal, findings)
            if spoilt:  # of all others, none can be told from the next by itself
                candidates = [c for c in candidates if c.certain]
            if experiment.recipe.alone:
                candidates = [c for c in candidates if leaves_networks(c.change, experiment.recipe)]
                self.notes.append(ALONE.format(experiment.recipe.alone))
            if experiment.goal.undecided:
                candidates = []
            elif experiment.goal.nothing_to_learn:
                candidates = []
                experiment.untestable[placebo().label] = results.NOTHING_TO_LEARN
            elif spoilt and not any(isinstance(c.change, DropMissing) for c in candidates):
                candidates = []
                self.notes.append("nothing was tried: the rows trained on hold NaN, which no change of"
                                  " the training takes out")
                experiment.untestable[placebo().label] = "the data hold NaN"
            else:
                singles_only = self.options.singles_only or bool(experiment.recipe.alone)
                search = Search(experiment, candidates, singles_only=singles_only)
                self._timed("trials", lambda: self._search(experiment, search))
        except KeyboardInterrupt:
            if experiment.control.population is None:
                raise
            self.notes.append(INTERRUPTED)
        except UnstuckError:
            raise
        except Exception as error:
            if experiment.control.population is None:
                raise
            self.fault = error
            self.notes.append(f"a fault of unstuck ({type(error).__name__}) ended the trials early:"
                              " this is what was known by then")
        try:
            findings = self._timed("checks", lambda: looking.again(experiment, findings))
        except KeyboardInterrupt:
            self.notes.append(INTERRUPTED)
        self.parts["all"] = time.monotonic() - begun
        self.progress.close()
        return self._account(experiment, search or Search(experiment, candidates), findings, candidates)

    def first_look(self) -> tuple[Experiment, list[Finding]]:
        """A few trainings, and what checks see in them; nothing is tried."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            experiment = self._with_first_replicas()
            self._heed_interrupt()
            found = ([] if experiment.control.population is None
                     else self._looking().look(experiment))
        self.progress.close()
        return experiment, found

    def _heed_interrupt(self) -> None:
        if self._interrupted is not None:
            raise self._interrupted

    def _looking(self) -> Looking:
        return Looking(captured=self.captured, options=self.options, skipped=self.skipped,
                       notes=self.notes)

    def source(self) -> str | None:
        """The script's text, where it is not too long to be carried along."""
        script = self.captured.script
        if script is None or len(script.text) <= results.LONGEST_SOURCE:
            return None if script is None else script.text
        self.notes.append(f"the script has {len(script.text):,} characters, too many to be shown")
        return None

    def _with_first_replicas(self) -> Experiment:
        """The experiment with its first replicas; on fewer rows where memory does not suffice."""
        rows = self.captured.recipe.train.rows
        self._leave_room()
        while True:
            recipe = self.captured.recipe
            try:
                self._timed("population", self._choose_length)
                experiment = self._timed("yardstick", self._opened)
                self._timed("population", functools.partial(self._first, experiment))
            except OutOfMemory as error:
                fewer = half_the_rows(recipe)
                if fewer is None:
                    raise UnstuckError("There is not enough memory to train this network even once,"
                                       " on however few rows.") from error
                self.captured = replace(self.captured, recipe=fewer)
                continue
            if recipe.train.rows < rows:
                self.notes.append(f"memory did not suffice for all rows: everything was trained on"
                                  f" {recipe.train.rows:,} of {rows:,}, evenly picked")
                self.progress.note(self.notes[-1])
            return experiment

    def _leave_room(self) -> None:
        """Take fewer rows where all the copies of them that will be made would fill the memory."""
        size, there = bytes_of(self.captured.recipe), memory.room()
        if size <= memory.SMALL:
            return
        while memory.COPIES * bytes_of(self.captured.recipe) > there:
            fewer = half_the_rows(self.captured.recipe)
            if fewer is None:
                return
            self.captured = replace(self.captured, recipe=fewer)
        if bytes_of(self.captured.recipe) < size:
            self.notes.append(f"{size / 1e9:.2g} GB of data take up to"
                              f" {memory.COPIES * size / 1e9:.2g} GB of memory, and"
                              f" {there / 1e9:.2g} GB were free")
            self.progress.note(self.notes[-1])

    def _choose_length(self) -> None:
        """How far trainings go; refused where not even that can be afforded once."""
        self.progress.stage("how long one training takes")
        if self.captured.parameters >= LARGE:
            self.progress.note(f"a network of {self.captured.parameters:,} weights: how long one"
                               " training takes is measured first")
        recipe, options = self.captured.recipe, self.options
        self.horizon = horizon_for(
            recipe, options.budget, asked=options.horizon, whole=options.whole,
            spent=self.chunks.clock.spent, threads=options.jobs)
        if self.horizon is not None:
            why = ("as asked" if options.horizon is not None
                   else "a whole training takes too long for the budget")
            self.progress.note(f"the first {self.horizon.length(recipe):,} of {recipe.updates:,}"
                               f" updates are looked at: {why}")

    def _opened(self) -> Experiment:
        recipe, options = self.captured.recipe, self.options
        goal = yardstick(recipe, asked=options.goal, seed=options.seed, horizon=self.horizon)
        return Experiment(recipe, goal, budget=options.budget, seed=options.seed,
                          replicas=options.replicas or DEFAULT_REPLICAS, threads=options.jobs,
                          progress=self.progress, chunks=self.chunks, horizon=self.horizon)

    def _search(self, experiment: Experiment, search: Search) -> None:
        sick = experiment.control.rate < CURED
        search.run(sick=sick)
        if not sick:
            self._more_control(experiment)
        if self.horizon is not None:
            self.wholes = trained_whole(experiment, search.proofs, search.another)

    def _timed(self, part: str, work: Callable[[], T]) -> T:
        begun = time.monotonic()
        try:
            return work()
        finally:
            self.parts[part] = self.parts.get(part, 0.0) + time.monotonic() - begun

    def _first(self, experiment: Experiment) -> None:
        """A few replicas."""
        self.progress.stage("population", experiment.most)
        try:
            with suppress(BudgetSpent):
                wanted = self._few(experiment)
                experiment.run(experiment.control, min(wanted, LEAST_FIRST), probes=True)
                if experiment.costs.affordable(experiment.left) >= ROOM_FOR_FIRST:
                    try:
                        experiment.run(experiment.control, wanted, probes=True)
                    except KeyboardInterrupt as error:  # what the first few showed is reported
                        self._interrupted = error
        except UnstuckError:
            raise
        except Exception as error:
            if (told := told_of(error)) is not None:
                raise told from error
            raise

    def _few(self, experiment: Experiment) -> int:
        recipe = experiment.control.recipe
        work, counted = recipe.updates * recipe.multiplications, self.options.budget.trainings
        if counted is not None and counted < FEW:
            return min(experiment.most, counted, FIRST)
        wanted = FIRST if self.horizon is not None or work >= 1e9 else 16 if work >= 1e7 else 64
        return min(experiment.most, self._affordable, max(experiment.first, wanted))

    @property
    def _affordable(self) -> int:
        """Most replicas of the script as it is before anything is tried, by a budget in trainings."""
        counted = self.options.budget.trainings
        if counted is None:
            return LOOKS[-1]
        return max(look for look in LOOKS if look <= max(LOOKS[0], CONTROLS * counted))

    def _control(self, experiment: Experiment) -> None:
        """More replicas, now that it is known what one costs; none where there is room for few."""
        tight = self.horizon is not None or experiment.has_room_for_few
        if tight and experiment.control.population is not None:
            return
        with suppress(BudgetSpent):
            for look in LOOKS:
                more = self._few(experiment) < look <= min(experiment.most, self._affordable)
                if more and (experiment.costs.of(experiment.control, look)
                             < 0.05 * min(experiment.left, 600.0)):
                    experiment.run(experiment.control, look, probes=True)

    def _more_control(self, experiment: Experiment) -> None:
        """A healthy script's rate, as sharp as a few seconds allow."""
        # At a horizon there is nothing else to train, and so few first replicas say little.
        share, looks = (0.2, LOOKS) if self.horizon is None else (0.6, LOOKS[:1])
        try:
            for look in looks:
                if len(experiment.control.learned) < look <= experiment.most and experiment.costs.of(
                        experiment.control, look) < share * min(experiment.left, 120.0):
                    experiment.run(experiment.control, look, probes=True)
        except BudgetSpent:
            pass

    def _account(
        self, experiment: Experiment, search: Search, findings: list[Finding],
        candidates: list[Candidate],
    ) -> Found:
        goal, control, captured = experiment.goal, experiment.control.population, self.captured
        assert control is not None
        if experiment.engine_note is not None:
            engine = "Keras" if control.engine == "keras" else control.engine
            self.notes.append(f"{results.ENGINE} the {engine} engine. {experiment.engine_note}")
        self.notes += self.chunks.notes
        script, recipe = captured.script, captured.recipe
        self.notes += told_of_rivals(recipe, control)
        judged, proofs = search.verdicts.judged(), search.proofs
        moved = next((j for j in judged if j.trial.changes[0] == placebo()
                      and j.verdict in ("cause", "contributes")), None)
        if moved is not None:
            self.notes.append("the placebo seemed to work, so no other claim is made")
            judged = [moved]
        if (proofs.by_heart or proofs.unchecked) and not proofs.signal:
            # Without signal a row more that is learned is a row more learned by heart.
            judged = [j for j in judged if j.verdict not in ("cause", "contributes")]
        self.notes += [by_heart_note(cure, checked=True) for cure in proofs.by_heart]
        self.notes += [by_heart_note(cure, checked=False) for cure in proofs.unchecked]
        tried = {j.trial.changes[0] for j in judged}
        wanted = [placebo(), *(candidate.change for candidate in candidates)]
        for change in wanted if experiment.control.rate < CURED and not goal.undecided else ():
            label = change.label
            if change not in tried and label not in experiment.untestable:
                self.skipped[label] = (
                    "a repair was proved before its turn" if proofs.offered and experiment.has_some_left
                    else "the budget was spent before its turn")
        if search.left and self.horizon is None:
            seconds = seconds_of(experiment, search.left)
            time = "" if seconds is None else f", about {words.duration(seconds)}"
            self.notes.append("the budget ended before more could be tried; next would be:"
                              f" {words.listed(list(search.left))}{time}")
        # What holds for rows held out has found what plain methods do not see.
        outcome, text = judge_outcome(replace(goal, no_signal=goal.no_signal and not proofs.signal),
                                      control, self.wholes)
        repairs = proofs.offered
        whole = not any("interrupted" in note for note in self.notes)
        if self.options.pictures:
            self.progress.stage("looking inside a few trainings")
        # Pictures are of trainings that learned beside those that did not.
        pictures = None
        try:
            if not goal.undecided:
                pictures = self._timed("pictures", lambda: scenes.pictures_of(
                    experiment, repairs, captured.own_history, again=whole and self.options.pictures))
        except KeyboardInterrupt:
            self.notes.append(INTERRUPTED)
        self.parts["all"] += self.parts.get("pictures", 0.0)
        self.progress.close()
        rows, targets = account.rows_and_targets(goal)
        result = results.Result(
            schema=results.SCHEMA, tool=account.tool(),
            script=account.script_info(captured, self.argv),
            fit=account.fit_info(captured, goal, self.options.rows), outcome=outcome, outcome_text=text,
            goal=account.goal_info(goal, self.options.goal),
            population=account.population_info(goal, control),
            facts=account.findings_info(findings, Certainty.FACT, script, experiment),
            suspicions=account.findings_info(findings, Certainty.SUSPICION, script, experiment),
            arms=tuple(account.arm_info(j, experiment, script) for j in judged),
            repairs=tuple(account.repair_info(c, judged, experiment, script,
                                              account.untrained(findings)) for c in repairs),
            cleared=cleared(judged, repairs, findings, candidates),
            not_tested=account.not_tested(experiment, self.skipped, candidates),
            budget=account.budget_info(experiment, self.parts), rows=rows, targets=targets,
            own_run=_own_run(captured), code_layer=control.code_layer,
            code_map=account.code_map(goal, control, proofs.cures),
            source=self.source(), notes=tuple(self.notes),
            pictures=pictures, switches=self.options.switches(
                captured.index if captured.of > 1 else None),
            horizon=horizon_info(experiment, search.left, self.wholes),
            names=account.names(script, recipe),
        )
        arrays: dict[str, NDArray[Any]] = {
            "control/loss": control.loss, "control/final_loss": control.final_loss,
            "control/score": control.score, "control/seeds": np.asarray(control.seeds),
            **({} if control.val_loss is None else {"control/val_loss": control.val_loss}),
            **({} if control.outputs is None else {"control/outputs": control.outputs}),
            **({} if control.outputs is None or control.codes is None else {
                "control/codes": control.codes}),
        }
        ready = tuple(ReadyRepair(info=info, before=recipe, after=experiment.whole(cure.arm))
                      for info, cure in zip(result.repairs, repairs, strict=True))
        return Found(result=result, arrays=arrays, ready=ready, fault=self.fault)


def _own_run(captured: Captured) -> results.OwnRun | None:
    if captured.own_history is None:
        return None
    losses = captured.own_history.get("loss") or [math.nan]
    return results.OwnRun(loss=float(losses[-1]), learned=None)


def _is_spoilt(experiment: Experiment) -> bool:
    """True where NaN in the data has made every replica's loss NaN, whatever else may be wrong."""
    train, population = experiment.control.recipe.train, experiment.control.population
    return population is not None and bool(population.diverged.all()) and any(
        np.isnan(array).any() for array in arrays((train.x, train.y)))
