"""The steps of one diagnosis: yardstick, population, checks, search, account."""

from __future__ import annotations

import functools
import math
import time
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from unstuck import account, results, scenes
from unstuck.budget import Budget, BudgetSpent
from unstuck.candidates import Candidate, placebo, singles
from unstuck.capture import Captured
from unstuck.checks import Certainty, Check, Finding, Observation, all_checks
from unstuck.checks._data import arrays
from unstuck.chunks import Chunks
from unstuck.errors import TooSlow, UnstuckError
from unstuck.goal import make_goal
from unstuck.interventions.drop_missing import DropMissing
from unstuck.lab import Lab
from unstuck.outcome import by_heart_note, judge_outcome
from unstuck.population.memory import OutOfMemory
from unstuck.progress import Progress
from unstuck.ranking import CURED
from unstuck.ready import ReadyRepair
from unstuck.recipe import half_the_rows
from unstuck.script import Ignore, ignores
from unstuck.search import Search
from unstuck.stats import LOOKS

T = TypeVar("T")
DEFAULT_REPLICAS = 256


@dataclass(frozen=True, kw_only=True)
class Options:
    """How to diagnose. `replicas` caps every arm; `select` and `ignore` name checks or families.

    `jobs` processes train on this machine, or those of a `cluster` do; by default this one does.
    Without `pictures` nothing is trained that only the page shows.
    """

    budget: Budget = field(default_factory=lambda: Budget.parse("2m"))
    replicas: int | None = None
    seed: int = 0
    goal: str | None = None
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    device: str | None = None
    jobs: int | None = None
    cluster: str | None = None
    singles_only: bool = False
    pictures: bool = True

    @property
    def asked(self) -> dict[str, Any]:
        """What changes the outcome; how many processes there are, and where, does not."""
        return {"budget": self.budget.text, "replicas": self.replicas, "seed": self.seed,
                "goal": self.goal, "select": sorted(self.select), "ignore": sorted(self.ignore)}


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
        self.captured, self.options, self.progress, self.argv = captured, options, progress, argv
        self.chunks = chunks
        self.parts: dict[str, float] = {}
        self.skipped: dict[str, str] = {}
        self.notes: list[str] = list(captured.notes)
        self.fault: Exception | None = None

    def run(self) -> Found:
        begun = time.monotonic()
        lab = self._laboratory()
        findings: list[Finding] = []
        candidates: list[Candidate] = []
        search = None
        try:
            self._timed("population", lambda: self._control(lab))
            if lab.control.population is None:
                raise TooSlow(
                    f"The budget of {self.options.budget.text} was spent before a single training of"
                    " this script ended. Give more with --budget, or fewer rows or epochs."
                )
            findings = self._timed("checks", lambda: self._look(lab))
            spoilt = _is_spoilt(lab)
            candidates = singles(lab.recipe, lab.goal, findings)
            if spoilt:  # of all others, none can be told from the next by itself
                candidates = [c for c in candidates if c.certain]
            if spoilt and not any(isinstance(c.change, DropMissing) for c in candidates):
                candidates = []
                self.notes.append("nothing was tried: the rows trained on hold NaN, which no change of"
                                  " the training takes out")
                lab.untestable[placebo().label] = "the data hold NaN"
            else:
                search = Search(lab, candidates, singles_only=self.options.singles_only)
                self._timed("trials", lambda: self._search(lab, search))
        except KeyboardInterrupt:
            if lab.control.population is None:
                raise
            self.notes.append("interrupted: this is what was known by then")
        except UnstuckError:
            raise
        except Exception as error:
            if lab.control.population is None:
                raise
            self.fault = error
            self.notes.append(f"a fault of unstuck ({type(error).__name__}) ended the trials early:"
                              " this is what was known by then")
        self.parts["all"] = time.monotonic() - begun
        self.progress.close()
        return self._account(lab, search or Search(lab, candidates), findings, candidates)

    def _laboratory(self) -> Lab:
        """The lab with its first replicas; on fewer rows where memory does not suffice."""
        rows = self.captured.recipe.train.rows
        while True:
            recipe = self.captured.recipe
            lab = self._timed("yardstick", self._lab)
            try:
                self._timed("population", functools.partial(self._first, lab))
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
            return lab

    def _lab(self) -> Lab:
        recipe, options = self.captured.recipe, self.options
        goal = make_goal(recipe, asked=options.goal, seed=options.seed)
        return Lab(recipe, goal, budget=options.budget, seed=options.seed,
                   replicas=options.replicas or DEFAULT_REPLICAS, threads=options.jobs,
                   progress=self.progress, chunks=self.chunks)

    def _search(self, lab: Lab, search: Search) -> None:
        sick = lab.control.rate < CURED
        search.run(sick=sick)
        if not sick:
            self._more_control(lab)

    def _timed(self, part: str, work: Callable[[], T]) -> T:
        begun = time.monotonic()
        try:
            return work()
        finally:
            self.parts[part] = self.parts.get(part, 0.0) + time.monotonic() - begun

    def _first(self, lab: Lab) -> None:
        """A few replicas."""
        self.progress.stage("population", lab.most)
        with suppress(BudgetSpent):
            lab.refuse_too_slow()
            lab.run(lab.control, self._few(lab), probes=True)

    def _few(self, lab: Lab) -> int:
        work = lab.recipe.updates * lab.recipe.multiplications
        return min(lab.most, max(lab.first, 64 if work < 1e7 else 16 if work < 1e9 else 4))

    def _control(self, lab: Lab) -> None:
        """More replicas, now that it is known what one costs."""
        with suppress(BudgetSpent):
            for look in LOOKS:
                if self._few(lab) < look <= lab.most and lab.costs.of(lab.control, look) < 0.05 * min(
                        lab.left, 600.0):
                    lab.run(lab.control, look, probes=True)

    def _more_control(self, lab: Lab) -> None:
        """A healthy script's rate, as sharp as a few seconds allow."""
        try:
            for look in LOOKS:
                if len(lab.control.learned) < look <= lab.most and lab.costs.of(
                        lab.control, look) < 0.2 * min(lab.left, 120.0):
                    lab.run(lab.control, look, probes=True)
        except BudgetSpent:
            pass

    def _look(self, lab: Lab) -> list[Finding]:
        assert lab.control.population is not None
        seen = Observation(recipe=lab.recipe, goal=lab.goal, control=lab.control.population)
        found: list[Finding] = []
        with warnings.catch_warnings():  # numpy's, where a column holds nothing but NaN
            warnings.simplefilter("ignore", RuntimeWarning)
            for check in self._checks():
                try:
                    found.extend(check.findings(seen))
                except Exception as error:
                    self.skipped[check.name] = f"the check itself failed: {error!r}"
        return self._heeded(found)

    def _heeded(self, found: list[Finding]) -> list[Finding]:
        """What the script's comments do not ask to ignore; one that ignores nothing is noted."""
        script = self.captured.script
        for ignore in () if script is None else ignores(script.text):
            meant = [finding for finding in found if self._is_meant(finding, ignore)]
            found = [finding for finding in found if finding not in meant]
            names = {finding.check for finding in meant}
            self.skipped |= dict.fromkeys(names, f"ignored by line {ignore.at}")
            self.notes += [
                f"line {ignore.at} ignores {name}, which "
                + ("has nothing to say there" if name in all_checks() else "is no check")
                for name in sorted(ignore.names - names - self.skipped.keys())]
        return found

    def _is_meant(self, finding: Finding, ignore: Ignore) -> bool:
        if ignore.names and finding.check not in ignore.names:
            return False
        span = self.captured.recipe.sites.get(finding.site or "")
        return ignore.line is None or (
            span is not None and span.line <= ignore.line <= span.end_line)

    def _checks(self) -> list[Check]:
        chosen = []
        select, ignore = set(self.options.select), set(self.options.ignore)
        for name, cls in all_checks().items():
            if select and not select & {name, cls.family.value}:
                self.skipped[name] = "not selected"
            elif ignore & {name, cls.family.value}:
                self.skipped[name] = "ignored as asked"
            else:
                chosen.append(cls())
        return chosen

    def _account(
        self, lab: Lab, search: Search, findings: list[Finding], candidates: list[Candidate]
    ) -> Found:
        goal, control, captured = lab.goal, lab.control.population, self.captured
        assert control is not None
        if lab.engine_note is not None:
            self.notes.append(f"trained by the Keras engine, because {lab.engine_note}")
        self.notes += self.chunks.notes
        script, recipe = captured.script, captured.recipe
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
        for change in wanted if lab.control.rate < CURED else ():
            label = change.label
            if change not in tried and label not in lab.untestable:
                self.skipped[label] = "the budget was spent before its turn"
        # What holds for rows held out has found what plain methods do not see.
        outcome, text = judge_outcome(replace(goal, no_signal=goal.no_signal and not proofs.signal),
                                      control)
        repairs = [cure for cure in proofs.cures if cure.rate.share >= 0.5]
        whole = not any("interrupted" in note for note in self.notes)
        if self.options.pictures:
            self.progress.stage("looking inside a few replicas")
        pictures = self._timed("pictures", lambda: scenes.pictures_of(
            lab, repairs, captured.own_history, again=whole and self.options.pictures))
        self.parts["all"] += self.parts["pictures"]
        self.progress.close()
        rows, targets = account.rows_and_targets(goal)
        result = results.Result(
            schema=results.SCHEMA, tool=account.tool(),
            script=account.script_info(captured, self.argv),
            fit=account.fit_info(captured, goal), outcome=outcome, outcome_text=text,
            goal=account.goal_info(goal, self.options.goal),
            population=account.population_info(goal, control),
            facts=account.findings_info(findings, Certainty.FACT, script, recipe),
            suspicions=account.findings_info(findings, Certainty.SUSPICION, script, recipe),
            arms=tuple(account.arm_info(j, lab, script) for j in judged),
            repairs=tuple(account.repair_info(c, lab, script) for c in repairs),
            not_tested=account.not_tested(lab, self.skipped),
            budget=account.budget_info(lab, self.parts), rows=rows, targets=targets,
            own_run=_own_run(captured), code_layer=control.code_layer,
            code_map=account.code_map(goal, control, proofs.cures),
            source=None if script is None else script.text, notes=tuple(self.notes),
            pictures=pictures, switches=_switches(self.options, captured),
        )
        arrays: dict[str, NDArray[Any]] = {
            "control/loss": control.loss, "control/final_loss": control.final_loss,
            "control/score": control.score, "control/seeds": np.asarray(control.seeds),
            **({} if control.val_loss is None else {"control/val_loss": control.val_loss}),
            **({} if control.outputs is None else {"control/outputs": control.outputs}),
        }
        ready = tuple(ReadyRepair(info=info, before=recipe, after=cure.arm.recipe)
                      for info, cure in zip(result.repairs, repairs, strict=True))
        return Found(result=result, arrays=arrays, ready=ready, fault=self.fault)


def _switches(options: Options, captured: Captured) -> tuple[str, ...]:
    """The switches of `unstuck run` that ask for this diagnosis again."""
    given: dict[str, object] = {
        "--budget": options.budget.text, "--replicas": options.replicas,
        "--seed": options.seed or None, "--goal": options.goal, "--device": options.device,
        "--jobs": options.jobs, "--cluster": options.cluster,
        "--select": ",".join(options.select) or None,
        "--ignore": ",".join(options.ignore) or None,
        "--fit": captured.index if captured.of > 1 else None,
    }
    return tuple(str(part) for name, value in given.items() if value is not None
                 for part in (name, value))


def _own_run(captured: Captured) -> results.OwnRun | None:
    if captured.own_history is None:
        return None
    losses = captured.own_history.get("loss") or [math.nan]
    return results.OwnRun(loss=float(losses[-1]), learned=None)


def _is_spoilt(lab: Lab) -> bool:
    """True where NaN in the data has made every replica's loss NaN, whatever else may be wrong."""
    train, population = lab.recipe.train, lab.control.population
    return population is not None and bool(population.diverged.all()) and any(
        np.isnan(array).any() for array in arrays((train.x, train.y)))
