"""One proof run again: a change written into the script, on the seeds that its verdict rests on."""

from __future__ import annotations

from dataclasses import dataclass, replace

from unstuck.base.errors import UnstuckError
from unstuck.base.progress import Progress
from unstuck.base.stats import paired_effect, success_rate
from unstuck.capture import capture_text, drawing_from, random_state_kept
from unstuck.diagnosis import account, changes
from unstuck.diagnosis.options import Options
from unstuck.diagnosis.yardsticks import horizon_of, yardstick
from unstuck.interventions import apply_all
from unstuck.network.horizon import on_fewer_rows
from unstuck.network.recipe import Recipe
from unstuck.reports.parts import words
from unstuck.reports.parts.own_names import in_own_words
from unstuck.result import results
from unstuck.script import Script
from unstuck.search.arms import Arm
from unstuck.search.budget import BudgetSpent
from unstuck.search.candidates import placebo
from unstuck.search.experiment import SEEDS_APART, Experiment


@dataclass(frozen=True, kw_only=True)
class Replayed:
    """An arm as it was saved and as it came out now; `same` counts for counts, else `near` or not."""

    then: results.Arm
    now: results.Arm
    tool: results.Tool

    @property
    def same(self) -> bool:
        """The same number of replicas rescued, broken and learned."""
        return all(getattr(self.then, name) == getattr(self.now, name)
                   for name in ("replicas", "successes", "rescued", "broken"))

    @property
    def near(self) -> bool:
        """The new difference lies within the old interval."""
        low, high = self.then.ci95
        return low <= self.now.difference <= high

    def __str__(self) -> str:
        rows = [f"{self.then.intervention}, nothing else changed, on the same"
                f" {words.count(self.then.replicas, 'seed')}"]
        rows += [f"  {name}  {words.percent(arm.control_rate)} → {words.percent(arm.success_rate)} ·"
                 f" {words.effect(arm, unit=True)} · {words.turned(arm)}"
                 for name, arm in (("then", self.then), ("now ", self.now))]
        now = account.tool()
        other = [f"{name} {was} then, {is_} now" for name, was, is_ in (
            ("keras", self.tool.keras, now.keras), ("jax", self.tool.jax, now.jax),
            ("numpy", self.tool.numpy, now.numpy)) if was != is_]
        why = f" ({', '.join(other)})" if other else ""
        rows.append("The same again." if self.same else
                    f"Not the same counts, but within the interval{why}." if self.near else
                    f"Not the same{why}.")
        return "\n".join(rows).replace(words.NBSP, " ") + "\n"


def choose(result: results.Result, name: str | None) -> results.Arm:
    """The arm of that name, or whose name it is a part of; by default the strongest cause.

    Arms go by the names that reports have for them as well as by their own.

    Raises:
        UnstuckError: there is none, or there are several.
    """
    if not result.arms:
        raise UnstuckError("Nothing was tried in this diagnosis, so there is nothing to run again.")
    if name is None:
        return min((*result.causes, *result.arms), key=lambda arm: arm.edits is None)
    told = [(arm, shown.intervention) for arm, shown in zip(
        result.arms, in_own_words(result).arms, strict=True)]
    found = [(arm, shown) for arm, shown in told if name in (arm.intervention, shown)] or [
        (arm, shown) for arm, shown in told
        if name.lower() in arm.intervention.lower() or name.lower() in shown.lower()]
    if len(found) != 1:
        listed = "\n".join(f"  {shown}" for _, shown in found or told)
        what = f"{len(found)} of the changes tried are" if found else "No change that was tried is"
        raise UnstuckError(f"{what} called {name!r}. Name one of these:\n{listed}")
    return found[0][0]


def replay(
    result: results.Result, arm: results.Arm, script: Script, *, options: Options,
    progress: Progress | None = None,
) -> Replayed:
    """Train the script and the changed script again, on the same seeds.

    Args:
        result: the saved diagnosis.
        arm: one of its arms.
        script: the diagnosed script, unchanged since.
        options: the budget.
        progress: told what is going on.

    Raises:
        UnstuckError: the change cannot be written into the script, or the budget is too small.
    """
    if arm.edits is None and arm.kind != "placebo":
        raise UnstuckError(f"{arm.intervention!r} cannot be written into the script, so that it cannot"
                           " be run again by itself. The whole diagnosis can: unstuck run.")
    seed = result.population.seeds[0] // SEEDS_APART

    def captured(text: str) -> Recipe:
        with drawing_from(seed):
            made = capture_text(text, filename=str(script.path or "script.py"),
                                argv=result.script.argv, fit=str(result.fit.index)).recipe
        return on_fewer_rows(made, result.fit.rows_asked or made.trained_rows)

    with random_state_kept():
        before = captured(script.text)
        horizon = horizon_of(result)
        goal = yardstick(before, asked=result.goal.asked, seed=seed, shown=result.goal.shown,
                         horizon=horizon)
        after = (apply_all((placebo(),), before) if arm.kind == "placebo" else captured(
            changes.written(changes.of(arm, before), script, before).text))
        experiment = Experiment(before, goal, budget=options.budget, seed=seed, threads=options.jobs,
                  replicas=arm.replicas, progress=progress, horizon=horizon)
        try:
            (progress or Progress()).stage(f"again: {arm.intervention}", arm.replicas)
            changed = Arm(changes=(placebo(),), recipe=experiment.shortened(after))
            was, now = (
                goal.learned(experiment.fresh(one, arm.replicas)) if arm.fresh else
                experiment.run(one, arm.replicas).learned
                for one in (experiment.control, changed))
        except BudgetSpent:
            raise UnstuckError(
                f"The budget of {options.budget.text} was spent before {arm.replicas} pairs were"
                " trained. Give more with --budget.") from None
    effect, rate = paired_effect(was, now), success_rate(now)
    return Replayed(then=arm, tool=result.tool, now=replace(
        arm, successes=rate.successes, success_rate=rate.share, difference=effect.difference,
        ci95=(effect.low, effect.high), rescued=effect.rescued, broken=effect.broken,
        control_rate=success_rate(was).share))
