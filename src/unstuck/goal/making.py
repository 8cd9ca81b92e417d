"""How the yardstick is made: once, from the recipe as captured; it never moves.

The data itself says what is possible where its patterns are few; otherwise plain methods say it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from unstuck.base.errors import BadData, UnstuckError
from unstuck.network import outputs
from unstuck.network.recipe import Recipe
from unstuck.result.results import BY_HEART

from . import losses
from .by_loss import against_each_other, judged_by_loss, without_targets
from .judged import FEW_PATTERNS, Rows, judged_rows
from .levels import BEST_DENOISER, levels_of
from .noise import Noise, bayes_floor, noise_of
from .places import scores_by_place
from .references import ROWS, few_columns_score, pca_score, reference_scores, smooth_score
from .rows import distinct, flat, judgeable
from .sizes import code_size, linear_size
from .tasks import Task, task_of
from .tokens import can_be_seen, for_plain_methods, looked_up
from .variational import is_sampled
from .yardstick import Goal

Array = NDArray[Any]

GAP_CLOSED = 0.9
"""Share of the gap between a constant output and what the data allows that counts as learned."""
SAMPLED_GAP_CLOSED = 0.75
"""The same for a code that is sampled: a variational network gives up some of what PCA keeps, which
samples nothing, so that its codes look like the prior."""
LEAST_SIGNAL = 0.05
"""Share of the gap to a perfect answer below which plain methods count as seeing nothing."""


def make_goal(
    recipe: Recipe, *, asked: str | None = None, seed: int = 0, references: bool = True
) -> Goal:
    """The yardstick of a recipe as captured.

    Args:
        recipe: the recipe before any change.
        asked: the user's own goal, such as "accuracy >= 0.95" or "loss <= 0.1", or `BY_HEART`.
        seed: for the references' folds.
        references: ask plain methods what the data allows, which takes up to a few seconds.

    Raises:
        BadData: there is nothing to judge by (no rows, targets that are no numbers).
        UnstuckError: `asked` is not of that form.
    """
    if not outputs.targets(recipe, recipe.y):
        raise BadData("fit was called without targets (y), so there is nothing to judge outputs by.")
    given, recipe = recipe, judgeable(recipe)  # of NaN no output says anything
    targets = outputs.targets(recipe, recipe.y)
    if recipe.by_loss:
        goal = without_targets(judged_rows(recipe, targets), targets)
        if recipe.rivals:
            return against_each_other(goal)
        if asked is None or recipe.alone:
            return judged_by_loss(recipe, goal)
        return _as_asked(goal, asked)
    by_heart = asked is not None and asked.strip().lower() == BY_HEART
    rows = judged_rows(recipe, targets, by_heart=by_heart)
    parts = tuple(
        _goal(part, [target], replace(rows, shown=[shown]), seed=seed, references=references)
        for part, target, shown in zip(outputs.each(recipe), targets, rows.shown, strict=False))
    goal = (_together(recipe, parts, rows) if parts
            else _goal(recipe, targets, rows, seed=seed, references=references))
    if given is not recipe:
        everything = flat(given.x)
        goal = replace(goal, rows=len(everything), distinct_rows=len(distinct(everything)[1]))
    if by_heart:
        return replace(goal, why=f"by heart, as asked: {goal.why}")
    return goal if asked is None else replace(_as_asked(goal, asked), settled=True)


def held_to(goal: Goal, shown: float) -> Goal:
    """The yardstick where a network has shown, on rows held out, that more is possible than plain
    methods reach: the same share of the way to that score.
    """
    share = (goal.threshold - goal.constant) / (goal.ceiling - goal.constant)
    threshold = goal.constant + share * (shown - goal.constant)
    why = _why(goal.task, share, goal.constant, shown,
               "what everything sensible at once reaches on rows held out", threshold)
    return replace(goal, ceiling=shown, threshold=threshold, shown=shown, why=(
        f"{why}; by plain methods alone it would be {goal.threshold:.3g}"))


def _goal(
    recipe: Recipe, targets: list[Array], rows: Rows, *, seed: int, references: bool
) -> Goal:
    """The yardstick of one output, or of several that can only be judged together."""
    flat_x = flat(recipe.x)
    flat_y = np.concatenate([t.reshape(len(t), -1).astype(np.float64) for t in targets], 1)
    patterns, sizes = rows.patterns, _output_sizes(recipe)
    whole_tasks = _tasks(recipe, targets, sizes)
    same = len(targets) == 1 and _same_rows(flat_x, flat_y, targets[0])
    level = _levels(recipe, whole_tasks, flat_x, patterns=patterns, same=same, seed=seed,
                    asking=references)
    noise = None
    if references and not same and len(targets) == 1:
        noise = noise_of(flat_x, flat_y, few=FEW_PATTERNS)
    goal = Goal(
        tasks=_tasks(recipe, rows.shown, sizes), inputs=rows.inputs, weights=rows.weights,
        rows=len(targets[0]), distinct_rows=len(distinct(flat_x)[1]),
        patterns=patterns, is_autoencoder=same, noise=noise,
        **level, **_of_the_loss(recipe, flat_x, targets, sizes),
    )
    if noise is not None and not patterns:
        goal = _denoising(recipe, goal, noise, seed=seed)
    if references and (same or noise is not None) and goal.baseline is not None:
        count = recipe.train.rows
        goal = replace(goal, levels=levels_of(
            flat_x[:count], flat_y[:count], recipe.loss_config[0], code=code_size(recipe), noise=noise,
            floor=goal.floor, baseline=goal.baseline, weight=loss_weight(recipe), seed=seed))
    return goal


def _together(recipe: Recipe, parts: tuple[Goal, ...], rows: Rows) -> Goal:
    """One yardstick for several outputs: all have to reach their own, but for those without signal."""
    judged = [part for part in parts if not part.no_signal] or parts
    named = dict(zip(outputs.names(recipe), parts, strict=True))
    own = [f"{name!r}: {part.why}" for name, part in named.items() if part in judged]
    left = [repr(name) for name, part in named.items() if part not in judged]
    unseen = f"; not judged: {', '.join(left)}, of which plain methods see nothing" if left else ""
    return Goal(
        tasks=tuple(part.task for part in parts), inputs=rows.inputs, weights=rows.weights,
        rows=parts[0].rows, distinct_rows=parts[0].distinct_rows, patterns=rows.patterns,
        threshold=1.0, metric="share of the way to the yardstick, worst output",
        why=f"every output reaches its own yardstick – {'; '.join(own)}{unseen}",
        constant=0.0, ceiling=min(part.way(np.asarray(part.ceiling)).item() for part in judged),
        no_signal=all(part.no_signal for part in parts),
        floor=_sum(part.floor for part in parts), baseline=_sum(part.baseline for part in parts),
        settled=all(part.settled for part in parts), parts=parts)


def _sum(values: Iterable[float | None]) -> float | None:
    """Their sum, as losses of several outputs are added; `None` where one is not known."""
    known = list(values)
    return None if None in known else sum(value for value in known if value is not None)


def _denoising(recipe: Recipe, goal: Goal, noise: Noise, *, seed: int) -> Goal:
    """With known patterns: what the best denoiser reaches on the judged rows, and its floor."""
    best = noise.best_outputs(goal.flat_inputs)
    task = goal.task
    if best is None or goal.floor is None or task.kind == "constant":
        return goal
    bayes = bayes_floor(noise, recipe.loss_config[0], seed=seed)
    ceiling = float(task.score(best.reshape(1, *task.targets.shape), goal.weights[0])[0])
    goal = replace(goal, floor=goal.floor if bayes is None else bayes.loss * loss_weight(recipe))
    if not ceiling > goal.constant:
        return goal
    threshold = goal.constant + GAP_CLOSED * (ceiling - goal.constant)
    return replace(goal, ceiling=ceiling, threshold=threshold, no_signal=False, why=_why(
        task, GAP_CLOSED, goal.constant, ceiling, BEST_DENOISER, threshold))


def _tasks(recipe: Recipe, targets: list[Array], sizes: list[int]) -> tuple[Task, ...]:
    """The task of each output."""
    loss, _ = recipe.loss_config
    named = _asks_for_classes(recipe)
    found = tuple(task_of(t, loss, sizes[i] if i < len(sizes) else None, asks_for_classes=named)
                  for i, t in enumerate(targets))
    if loss == "custom" and len(found) == 1 and found[0].kind == "binary" and _is_computed(recipe):
        return (replace(found[0], either_way=True),)
    return found


def _asks_for_classes(recipe: Recipe) -> bool:
    """True where classes are asked for: by the loss, or by the accuracy of a squashed output."""
    if "crossentropy" in recipe.loss_config[0]:
        return True
    metrics = [m if isinstance(m, str) else type(m).__name__
               for m in keras.tree.flatten([recipe.metrics, recipe.weighted_metrics])]
    return any("acc" in m.lower() for m in metrics) and any(
        layer.activation in ("softmax", "sigmoid") for layer in recipe.layers[-1:])


def _is_computed(recipe: Recipe) -> bool:
    """True where no layer with weights puts the outputs out, but a formula: a distance, a likeness."""
    last = recipe.layers[-1:]
    return bool(last) and not last[0].parameters and last[0].activation is None


def _levels(
    recipe: Recipe, tasks: tuple[Task, ...], flat_x: Array, *, patterns: bool, same: bool, seed: int,
    asking: bool,
) -> dict[str, Any]:
    """Threshold, metric and the reasons for them."""
    task, weights = tasks[0], np.ones(len(flat_x))
    if len(tasks) > 1:
        return {"threshold": GAP_CLOSED, "metric": "share of the gap closed, worst output",
                "constant": 0.0, "ceiling": 1.0,
                "why": f"every output closes {_percent(GAP_CLOSED)} of the gap between a constant and"
                       " a perfect answer"}
    constant = task.best_constant(weights)
    base: dict[str, Any] = {"metric": task.metric, "constant": constant}
    if task.kind == "constant":
        return {**base, "ceiling": 1.0, "threshold": GAP_CLOSED,
                "why": "the targets are the same in every row: the output must be within"
                       f" {_percent(1 - GAP_CLOSED)} of them"}
    references: dict[str, float] = {}
    # The best of several methods on few rows is above a constant by chance.
    least = max(LEAST_SIGNAL * (1 - constant), task.by_chance(constant, min(len(flat_x), ROWS)))
    if patterns:
        ceiling = task.best_by_pattern(distinct(flat_x)[2], weights)
        source = "the best function of the distinct inputs"
        share = GAP_CLOSED if task.discrete else 0.95
    else:
        if not asking:
            base["settled"] = False
        elif same:
            size = linear_size(recipe, flat_x.shape[1])
            if size is not None:
                sample = flat_x[np.linspace(0, len(flat_x) - 1, min(len(flat_x), 2000)).astype(int)]
                references[f"PCA with {size} components"] = pca_score(
                    sample, size, by_column=task.by_column)
        else:
            references = reference_scores(for_plain_methods(recipe), task, seed=seed)
            # Labels of words or pixels are told by what is at their place; clean images are not.
            if task.discrete or looked_up(recipe) or (
                    max(references.values(), default=0.0) < constant + least):
                references |= scores_by_place(recipe, task, seed=seed)
            if references and max(references.values()) < constant + least:
                last = {"kernel regression": smooth_score(flat_x, task, seed=seed),
                        "a few columns": few_columns_score(flat_x, task, seed=seed)}
                references |= {name: score for name, score in last.items() if score is not None}
        best = max(references, key=references.__getitem__, default=None)
        ceiling = 1.0 if best is None else references[best]
        source = "a perfect answer" if best is None else best
        share = SAMPLED_GAP_CLOSED if same and is_sampled(recipe) else GAP_CLOSED
    unseen = bool(references) and not same and ceiling < constant + least
    no_signal = unseen and can_be_seen(recipe)
    if unseen or ceiling <= constant:
        ceiling, source = 1.0, "a perfect answer (plain methods see no dependence at all)"
    threshold = constant + share * (ceiling - constant)
    why = _why(task, share, constant, ceiling, source, threshold)
    return {**base, "ceiling": ceiling, "threshold": threshold, "why": why,
            "references": references, "no_signal": no_signal}


def _why(
    task: Task, share: float, constant: float, ceiling: float, source: str, threshold: float
) -> str:
    measured = "of the answers right" if task.discrete else "R²"
    if task.by_column:
        measured += " in the mean of the columns, whose sizes differ too much to be judged together"
    if task.either_way:
        measured += ", whichever side of the middle the outputs call which, as with a distance"
    return (f"{_percent(share)} of the way from the best constant output ({constant:.3g}) to"
            f" {source} ({ceiling:.3g}): at least {threshold:.3g} {measured}")


def _of_the_loss(
    recipe: Recipe, flat_x: Array, targets: list[Array], sizes: list[int]
) -> dict[str, Any]:
    """Floor, baseline and ladder on the trained rows."""
    name, config = recipe.loss_config
    plain = not recipe.class_weight and recipe.sample_weight is None
    summed = config.get("reduction", "sum_over_batch_size") not in (
        "sum_over_batch_size", "mean", "mean_with_sample_weight")
    if len(targets) > 1 or not plain or summed or config.get("label_smoothing"):
        return {}
    size = sizes[0] if sizes else 1
    values = losses.as_probabilities(targets[0], name, size)
    if values is None or (name.endswith("categorical_crossentropy") and values.shape[1] % size):
        return {}
    kind = "categorical_crossentropy" if name.startswith("sparse") else name
    count = recipe.train.rows
    values, flat_x = values[:count], flat_x[:count]
    _, first, groups, counts = distinct(flat_x)
    share = np.full(count, 1.0 / count)
    baseline = losses.best_loss(values, np.zeros(count, dtype=np.int64), share, kind, size)
    floor = losses.best_loss(values, groups, share, kind, size)
    rungs: tuple[losses.Rung, ...] = ()
    if len(first) <= losses.LADDER_PATTERNS and floor is not None:
        order = np.lexsort(flat_x[first].T[::-1])
        fitted = np.stack([values[groups == group].mean(0) for group in order])
        rungs = losses.ladder(fitted, counts[order] / count, kind, size)
    weight = loss_weight(recipe)
    if weight != 1:
        floor = None if floor is None else weight * floor
        baseline = None if baseline is None else weight * baseline
        rungs = tuple(replace(rung, loss=weight * rung.loss) for rung in rungs)
    return {"floor": floor, "baseline": baseline, "ladder": rungs}


def loss_weight(recipe: Recipe) -> float:
    """The factor that `compile` was given for the only loss."""
    given = [w for w in keras.tree.flatten(recipe.loss_weights) if w is not None]
    return float(given[0]) if len(given) == 1 else 1.0


def _as_asked(goal: Goal, asked: str) -> Goal:
    match = re.fullmatch(r"\s*([\w ²]+?)\s*(>=|<=|>|<)\s*([-+.\deE]+)\s*", asked)
    allowed = {goal.metric, "loss"}
    if match is None or match[1].lower().replace("²", "2") not in allowed:
        raise UnstuckError(
            f"--goal {asked!r} is not understood. Write METRIC >= NUMBER or loss <= NUMBER, where"
            f" METRIC is {goal.metric} for these targets, or {BY_HEART}."
        )
    metric, comparison, value = match[1].lower().replace("²", "2"), match[2], float(match[3])
    if metric != "loss" and comparison not in (">=", ">"):
        raise UnstuckError(f"--goal {asked!r}: more {metric} is better, so write {metric} >= …")
    return replace(
        goal, asked=(metric, comparison, value), metric=metric, threshold=value,
        why=f"as asked: {metric} {comparison} {value:g}",
    )


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _output_sizes(recipe: Recipe) -> list[int]:
    shapes = recipe.architecture.output_shapes
    return [int(shape[-1]) for shape in shapes if shape and shape[-1] is not None]


def _same_rows(flat_x: Array, flat_y: Array, target: Array) -> bool:
    return flat_x.shape == flat_y.shape and target.ndim > 1 and bool(np.array_equal(flat_x, flat_y))
