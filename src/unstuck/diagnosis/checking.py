"""`unstuck check`: what can be said of a script in a few seconds, before anything is tried.

Facts are those of the checks, seen on the few trainings that the time has room for, so that a script
that learns is left in peace. What is measured besides is no finding: it is told beside what theory
says of it.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from unstuck.base.errors import Located, TooSlow
from unstuck.base.progress import Progress
from unstuck.capture import Captured, random_state_kept
from unstuck.checks import Certainty, Finding, all_checks
from unstuck.checks._reach import reach
from unstuck.goal import make_goal
from unstuck.network.callback_rules import Rules
from unstuck.network.data import Data
from unstuck.network.horizon import Horizon
from unstuck.network.recipe import Recipe
from unstuck.population.chunks import Chunks
from unstuck.reports.parts import words
from unstuck.result import checkups, results
from unstuck.result.checkups import Checkup, Measure
from unstuck.search.budget import Budget
from unstuck.search.experiment import Experiment
from unstuck.search.pace import LEAST_UPDATES, seconds_of_one

from . import account
from .options import Options
from .planning import plan_of
from .steps import Steps

SECONDS, LIMIT = 0.8, 30.0
"""What all trainings may take by the pace of a few updates, and after which a busy machine is left."""
BATCH, DRAWS, LEAST = 32, 16, 2
"""Most rows that are learned by heart; the most and the fewest draws of weights that are looked at."""
ROUNDS = 50
"""Most updates of one batch that make an epoch, where it is learned by heart."""
SHORTEST = 10
"""Updates that are looked at however slow they are."""
START_ROWS = 2048
"""Rows that the loss at the start is read from, where there are more: as good as all, for a number of
three digits."""
SLOW = ("not even ten updates of this script end within a few seconds here, so that nothing was looked"
        " at but what a diagnosis would do")


def check_script(
    captured: Captured, argv: Sequence[str], *, options: Options, plan_only: bool = False,
    progress: Progress | None = None,
) -> Checkup:
    """What is so of the training that was captured.

    Args:
        captured: the training.
        argv: the script's arguments.
        options: how to diagnose; its budget is what the plan is made for.
        plan_only: only the plan, for which nothing is trained.
        progress: told what is going on.
    """
    begun = time.monotonic()
    with random_state_kept():
        if plan_only:
            recipe = captured.recipe
            goal = make_goal(recipe, asked=options.goal, seed=options.seed)
            return replace(_about(captured, argv), fit=account.fit_info(captured, goal, options.rows),
                           plan=plan_of(recipe, goal, options.budget, threads=options.jobs),
                           seconds=time.monotonic() - begun)
        try:
            steps, experiment, found = _looked_at(captured, argv, options, progress or Progress())
        except TooSlow:
            known = check_script(captured, argv, options=options, plan_only=True)
            return replace(known, notes=(*known.notes, SLOW), seconds=time.monotonic() - begun)
        certain = [one for one in found if one.certainty is Certainty.FACT
                   and not all_checks()[one.check].of_rates]
        facts = [one for one in certain if not all_checks()[one.check].good_news]
        measures = (*_measures(experiment), *(Measure(what=one.check, told=one.message)
                                              for one in certain if one not in facts))
        control = experiment.control
        return replace(
            _about(captured, argv), source=steps.source(), notes=tuple(steps.notes),
            fit=account.fit_info(captured, experiment.goal, options.rows),
            facts=account.findings_info(facts, Certainty.FACT, captured.script, experiment),
            measures=measures, replicas=len(control.learned), updates=control.recipe.updates,
            plan=plan_of(experiment.recipe, experiment.goal, options.budget, findings=found,
                         threads=options.jobs),
            seconds=time.monotonic() - begun)


def failed(path: str, argv: Sequence[str], error: Located) -> Checkup:
    """What is said of a script that fails before or in its `fit`."""
    return Checkup(
        schema=checkups.SCHEMA, tool=account.tool(), fit=None,
        script=results.ScriptInfo(path=path, sha256=None, argv=tuple(argv)),
        failure=checkups.Failure(message=error.message, line=error.line or None, change=error.change))


def _about(captured: Captured, argv: Sequence[str]) -> Checkup:
    return Checkup(schema=checkups.SCHEMA, tool=account.tool(), fit=None,
                   script=account.script_info(captured, argv), notes=captured.notes)


def _looked_at(
    captured: Captured, argv: Sequence[str], options: Options, progress: Progress
) -> tuple[Steps, Experiment, list[Finding]]:
    """A few trainings and what checks see in them; as many, and as long, as there is time for."""
    recipe, side = captured.recipe, options.jobs or os.cpu_count() or 1
    budget = Budget(text=f"{LIMIT:.0f}s", seconds=LIMIT)
    each = max(1e-6, seconds_of_one(recipe, budget, options.jobs))
    room = SECONDS * side
    replicas = int(min(DRAWS, max(LEAST, room / each)))
    shorter = int(recipe.updates * room / (replicas * each))
    if LEAST_UPDATES / 2 <= shorter < 2 * LEAST_UPDATES:
        shorter = LEAST_UPDATES  # the pace was measured by a program of as many, which serves again
    asked = replace(
        options, budget=budget, replicas=replicas, begun=None, whole=shorter >= recipe.updates,
        horizon=None if shorter >= recipe.updates else max(SHORTEST, shorter))
    # What the first time went into on a busy machine, such as imports, need not be done again.
    for _ in range(2 if each * replicas <= room else 1):
        steps = Steps(captured, asked, progress, argv, Chunks())
        experiment, found = steps.first_look()
        if experiment.control.population is not None:
            return steps, experiment, found
    raise TooSlow(SLOW)


def _measures(experiment: Experiment) -> Iterator[Measure]:
    recipe = experiment.control.recipe
    start = _start(experiment, recipe)
    if start is not None:
        yield start
    by_heart = _by_heart(experiment, recipe)
    if by_heart is not None:
        yield by_heart
    alone = _rows_apart(recipe)
    if alone is not None:
        yield alone
    gradients = _gradients(experiment)
    if gradients is not None:
        yield gradients
    furthest = reach(experiment.recipe.optimizer, experiment.recipe.updates)
    if furthest is not None and math.isfinite(furthest):
        yield Measure(what="reach", told=(
            f"in {words.count(experiment.recipe.updates, 'update')}, {experiment.recipe.optimizer.kind}"
            f" moves no weight further than {words.number(furthest)}"))


def _start(experiment: Experiment, recipe: Recipe) -> Measure | None:
    """The loss of the untrained network: of a training whose updates move nothing."""
    still = Horizon(updates=max(SHORTEST, math.ceil(START_ROWS / recipe.batch_size))).of(
        replace(recipe.with_optimizer(learning_rate=0.0), epochs=1, rules=Rules()))
    population = experiment.aside(still, range(len(experiment.control.learned)))
    if population is None:
        return None
    low, middle, high = np.quantile(population.final_loss, [0, 0.5, 1])
    told = f"{words.number(float(middle))} ({words.number(float(low))} to {words.number(float(high))})"
    known = _knows_nothing(recipe)
    if known is not None:
        told += f"; outputs that know nothing have {known[0]} = {words.number(known[1])}"
    elif experiment.goal.baseline is not None and experiment.recipe.target_units is None:
        told += f"; the best constant output has {words.number(experiment.goal.baseline)}"
    return Measure(what="loss at the start", told=told)


def _knows_nothing(recipe: Recipe) -> tuple[str, float] | None:
    """The cross-entropy of outputs that are the same for every class, in words and as a number."""
    loss, config = recipe.loss_config
    if not loss.endswith("crossentropy") or "focal" in loss or config.get("label_smoothing"):
        return None
    if loss.startswith("binary"):
        return "ln 2", math.log(2.0)
    units = recipe.architecture.output_shapes[0][-1] if recipe.architecture.output_shapes else None
    return None if not units or units < 2 else (f"ln {units}", math.log(units))


def _by_heart(experiment: Experiment, recipe: Recipe) -> Measure | None:
    """Whether the first batch alone is learned, by trainings as long as the script's own."""
    if recipe.by_loss or experiment.goal.undecided or recipe.rivals:
        return None
    rows = min(BATCH, recipe.batch_size, recipe.trained_rows)
    # Once more and once more in an epoch, since what is done for each epoch adds up.
    again = max(n for n in range(1, ROUNDS + 1) if recipe.updates % n == 0)
    one = replace(
        recipe.with_rows(np.tile(np.arange(rows), again)), batch_size=rows,
        epochs=recipe.updates // again, epochs_in_rows=1, shuffle=False, batches="drawn",
        validation_data=None, validation_split=0.0, rules=Rules(), rounds=1)
    goal = make_goal(one, asked=results.BY_HEART, references=False)
    draws = len(experiment.control.learned)
    population = experiment.aside(one, range(draws), goal=goal)
    if population is None:
        return None
    learned = int(goal.learned(population).sum())
    return Measure(what="one batch by heart", told=(
        f"{learned} of {draws} trainings learn the first {words.count(rows, 'row')} in"
        f" {words.count(recipe.updates, 'update')}"))


def _rows_apart(recipe: Recipe) -> Measure | None:
    """Whether one row's output changes with another row of its batch, training aside.

    Nothing is said where it changes by itself, as where an output is drawn.
    """
    source, rows = recipe.architecture.source, min(4, recipe.trained_rows)
    first = Data(x=recipe.train.x, y=recipe.train.y).taken(slice(rows)).x
    if rows < 2 or not recipe.architecture.is_graph:
        return None
    others = keras.tree.map_structure(
        lambda a: np.concatenate([a[:1], np.zeros_like(a[1:])]), first)
    before, again, after = (
        [np.asarray(out)[0] for out in keras.tree.flatten(source(x, training=False))]
        for x in (first, first, others))
    if not _are_close(before, again):
        return None
    same = _are_close(before, after)
    return Measure(what="rows of a batch", told=(
        "the output for a row is the same whatever the others are" if same else
        "the output for a row changes with the other rows of its batch"))


def _are_close(outputs: Sequence[NDArray[Any]], others: Sequence[NDArray[Any]]) -> bool:
    return all(np.allclose(a, b, rtol=1e-4, atol=1e-5, equal_nan=True)
               for a, b in zip(outputs, others, strict=True))


def _gradients(experiment: Experiment) -> Measure | None:
    """How many layers with weights have a gradient at the start."""
    population = experiment.control.population
    start = None if population is None else population.readings.get("start")
    if start is None:
        return None
    trained = [layer.name for layer in experiment.control.recipe.layers if layer.name in start.layers
               and layer.parameters and layer.config.get("trainable", True)
               and not np.isnan(start.of("gradient_norm", layer.name)).all()]
    without = [name for name in trained if (start.of("gradient_norm", name) == 0).all()]
    if not trained:
        return None
    return Measure(what="gradients", told=(
        f"none reaches {words.listed(without)}" if without else
        f"each of the {words.count(len(trained), 'layer')} with weights has one"
        if len(trained) > 1 else "the layer with weights has one"))
