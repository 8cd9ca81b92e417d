"""From a diagnosis to the repaired script, proved on fresh seeds.

What is proved is the rewritten text itself: it is captured again, as a script in its own right, and
a population of it is trained. If that does not learn as the diagnosis said, the repair is withdrawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np

from unstuck.base.journal import Journal
from unstuck.base.progress import Progress
from unstuck.base.stats import Rate, success_rate
from unstuck.capture import capture_text, drawing_from, random_state_kept
from unstuck.goal import Goal
from unstuck.network.alone import asked_alone
from unstuck.network.horizon import Horizon, on_fewer_rows
from unstuck.network.loss_names import config_of
from unstuck.network.recipe import Recipe
from unstuck.population.chunks import Chunks
from unstuck.result import results
from unstuck.script import Edit, Script
from unstuck.script.modernising import modernised
from unstuck.search.budget import BudgetSpent
from unstuck.search.experiment import FRESH, SEEDS_APART, Experiment

from . import changes
from .diagnosis import Options
from .units import in_units_of
from .yardsticks import yardstick

_NOTHING = success_rate(np.zeros(0, dtype=bool))
AFTER = 2 * FRESH
"""First seed of the replicas of the rewritten script: neither search nor proof has seen them."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Repaired:
    """The rewritten script and its own success rate. `ok`: it learns as was said; else `reason`.

    `recipe` is the rewritten script's, `goal` the original's yardstick; `None` if it was not trained.
    """

    script: Script
    rate: Rate
    diff: str
    ok: bool
    reason: str = ""
    recipe: Recipe | None = None
    goal: Goal | None = None


def rewritten(script: Script, change: results.Repair | results.Arm) -> Script:
    """The script with the edits of a repair or an arm of a diagnosis that this process made.

    What comes from a file is written by `remade`, which takes no text from there. Raises
    EditConflict if it is not the script that was diagnosed.
    """
    return script.apply(Edit(start=e.start, end=e.end, replacement=e.replacement)
                        for e in change.edits or ())


def remade(
    script: Script, repair: results.Repair | results.Arm, *, first: int, argv: Sequence[str] = (),
    fit: str = "auto",
) -> Script:
    """The script with a repair or an arm from a saved diagnosis, its edits made anew.

    Args:
        script: the user's source, which is run up to its `fit`.
        repair: of the saved diagnosis; only its changes are taken, none of its texts.
        first: the first seed of its population, from whose `--seed` a script that sets none of its own
            draws its data.
        argv: the script's arguments.
        fit: the number of the `fit` that was diagnosed.

    Raises:
        UnstuckError: the changes are none, or cannot be written into this script.
    """
    with random_state_kept(), drawing_from(first // SEEDS_APART):
        recipe = capture_text(script.text, filename=str(script.path or "script.py"), argv=argv,
                              fit=fit).recipe
    return changes.written(changes.of(repair, recipe), script, recipe)


def prove(
    script: Script,
    repair: results.Repair,
    *,
    options: Options,
    argv: Sequence[str] = (),
    fit: str = "auto",
    modernise: bool = False,
    after: Script | None = None,
    shown: float | None = None,
    horizon: Horizon | None = None,
    progress: Progress | None = None,
    journal: Journal | None = None,
) -> Repaired:
    """Write a repair into a script and train the result on fresh seeds.

    The yardstick is made anew from the original script, so that a repair cannot move it.

    Args:
        script: the user's source, unchanged since the diagnosis.
        repair: one of the diagnosis's.
        options: the budget and the cap on replicas.
        argv: the script's arguments.
        fit: the number of the `fit` that was diagnosed.
        modernise: write the whole script in today's spelling too, and prove that.
        after: the script with the repair, where that is known: `rewritten`, for a diagnosis that this
            process made. By default its edits are made anew.
        shown: the score that the diagnosis holds all to, where that is beyond plain methods.
        horizon: how far the diagnosis's trainings went; the same way is gone here.
        progress: told what is going on.
        journal: where finished trainings are kept, so that a proof that is cut short goes on.
    """
    progress = progress or Progress()
    if after is None:
        after = remade(script, repair, first=options.seed * SEEDS_APART, argv=argv, fit=fit)
    if modernise:
        after, _ = modernised(after)
    diff = script.diff(after)
    # A script that draws its data without a seed draws others now, and these again if repeated.
    with random_state_kept(), drawing_from(options.seed + 1):
        filename = str(script.path or "script.py")
        before, recipe = (
            on_fewer_rows(asked_alone(made, options.goal), options.rows or made.trained_rows)
            for made in (capture_text(text, filename=filename, argv=argv, fit=fit).recipe
                         for text in (script.text, after.text)))
        goal = yardstick(before, asked=options.goal, seed=options.seed, shown=shown, horizon=horizon)
        recipe = in_units_of(before, recipe)
        experiment = Experiment(
            recipe, goal, budget=options.budget, seed=options.seed, progress=progress,
            replicas=options.replicas or 256, chunks=Chunks(journal), horizon=horizon)
        wanted = max(4, min(repair.replicas, experiment.most))
        progress.stage("training the rewritten script on fresh seeds", wanted)
        try:
            population = experiment.fresh(experiment.control, wanted, start=AFTER - FRESH)
        except BudgetSpent:
            return Repaired(script=after, rate=_NOTHING, diff=diff, ok=False,
                            reason="the budget was spent before the rewritten script was trained")
    rate = success_rate(goal.learned(population))
    ok = rate.high >= repair.ci95[0] and rate.share >= 0.5
    reason = "" if ok else (
        f"only {rate.successes} of {rate.trials} trainings of the rewritten script learned, where"
        f" {repair.successes} of {repair.replicas} had been measured"
    )
    return Repaired(script=after, rate=rate, diff=diff, ok=ok, reason=reason,
                    recipe=recipe, goal=goal)


def translated(script: Script, *, argv: Sequence[str] = (), fit: str = "auto") -> Repaired:
    """The script in today's spelling and otherwise as it is; `ok` if it is the same training.

    Nothing is trained: both texts are captured, and what they would train is compared.

    Args:
        script: the user's source.
        argv: the script's arguments.
        fit: the number of the `fit` that is compared.
    """
    after, left = modernised(script)
    diff = script.diff(after)
    if after.data == script.data:
        why = f"line {left[0].line}, {left[0].old}: {left[0].new}" if left else "nothing is old"
        return Repaired(script=after, rate=_NOTHING, diff=diff, ok=False,
                        reason=f"there is nothing that could be written in today's spelling ({why})")
    with random_state_kept():
        filename = str(script.path or "script.py")
        one, other = (capture_text(text, filename=filename, argv=argv, fit=fit).recipe
                      for text in (script.text, after.text))
    same = replace(one, x=other.x, y=other.y, loss=_own_taken_for_same(one.loss, other.loss)
                   ).signature == other.signature
    return Repaired(script=after, rate=_NOTHING, diff=diff, ok=same,
                    reason="" if same else "in today's spelling it would be another training")


def _own_taken_for_same(losses: Any, others: Any) -> Any:
    """`losses` with those of the user's own, each defined in its text, exchanged for the others."""
    flat, others = keras.tree.flatten(losses), keras.tree.flatten(others)
    if len(flat) != len(others):
        return losses
    return keras.tree.pack_sequence_as(losses, [
        other if config_of(loss)[0] == config_of(other)[0] == "custom" else loss
        for loss, other in zip(flat, others, strict=True)])
