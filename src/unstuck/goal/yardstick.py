"""The yardstick: which rows are judged, by what score, and how much is enough.

It is made once, from the recipe as captured, and never moves. Where inputs repeat or are few, the
distinct rows are judged and the data itself says what is possible; otherwise up to `SAMPLE` rows,
and plain methods say it.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import keras
import numpy as np
from numpy.typing import NDArray

from unstuck.errors import BadData, UnstuckError
from unstuck.goal import losses
from unstuck.goal.levels import BEST_DENOISER, Level, levels_of
from unstuck.goal.noise import Noise, bayes_floor, noise_of
from unstuck.goal.references import ROWS, pca_score, reference_scores, smooth_score
from unstuck.goal.rows import distinct, flat
from unstuck.goal.tasks import Task, task_of
from unstuck.goal.tokens import can_be_seen, for_plain_methods
from unstuck.goal.variational import latent_means
from unstuck.recipe import Recipe

Array = NDArray[Any]

GAP_CLOSED = 0.9
"""Share of the gap between a constant output and what the data allows that counts as learned."""
SAMPLED_GAP_CLOSED = 0.75
"""The same for a code that is sampled: a variational network gives up some of what PCA keeps, which
samples nothing, so that its codes look like the prior."""
LEAST_SIGNAL = 0.05
"""Share of the gap to a perfect answer below which plain methods count as seeing nothing."""
FEW_PATTERNS = 64
"""With at most this many distinct rows, or each repeated four times, the data is its own measure."""
SAMPLE = 1024
SMALL_OUTPUT = 4096
"""Outputs are kept for every replica where the judged rows have at most this many numbers."""

_COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    ">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt,
}


class Trained(Protocol):
    """What the yardstick reads off a population."""

    @property
    def final_loss(self) -> NDArray[np.float32]:
        """The loss on the training rows, shaped [replica]."""

    @property
    def score(self) -> NDArray[np.float64]:
        """This goal's scores, shaped [replica, part]."""

    @property
    def diverged(self) -> NDArray[np.bool_]:
        """Which replicas' loss is no number, shaped [replica]."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Goal:
    """What counts as learned.

    - `inputs`, `targets`: the judged rows, `weights[part, row]` how much each counts among all rows
      handed to `fit`, those trained on, those only validated on (rows of zeros where there are none).
    - `floor`, `baseline`: the least loss of any function of the inputs and of the best constant, on
      the trained rows, in the user's loss; `None` where they are not known.
    - `ceiling`, `constant`: the score that the data allows and that of the best constant.
    - `references`: scores of plain methods. `no_signal`: none of them sees any dependence.
    - `levels`: for autoencoders and denoisers, the losses of plain methods and the floor, by name.
    - `noise`: what a denoiser is to remove; the floor is then that of new noise, where it is known.
    - `asked`: the user's own goal as (metric, comparison, value).
    - `settled`: False where what the data allows was not asked of plain methods, so that the threshold
      is that of a perfect answer.
    """

    tasks: tuple[Task, ...]
    inputs: Any
    weights: Array
    rows: int
    distinct_rows: int
    patterns: bool
    threshold: float
    metric: str
    why: str
    ceiling: float
    constant: float
    floor: float | None = None
    baseline: float | None = None
    ladder: tuple[losses.Rung, ...] = ()
    references: dict[str, float] = field(default_factory=dict)
    no_signal: bool = False
    is_autoencoder: bool = False
    levels: tuple[Level, ...] = ()
    noise: Noise | None = None
    asked: tuple[str, str, float] | None = None
    settled: bool = True

    @property
    def task(self) -> Task:
        """The task of the first output; the only one in most networks."""
        return self.tasks[0]

    @property
    def judged_rows(self) -> int:
        """How many rows are judged."""
        return int(self.weights.shape[1])

    @property
    def keeps_outputs(self) -> bool:
        """True where outputs are so few that every replica's are kept."""
        size = sum(int(np.prod(task.targets.shape)) for task in self.tasks)
        return len(self.tasks) == 1 and size <= SMALL_OUTPUT and self.judged_rows <= FEW_PATTERNS

    @property
    def keeps_codes(self) -> bool:
        """True where codes are kept: for autoencoders and denoisers, and where outputs are."""
        return self.keeps_outputs or self.is_autoencoder or self.noise is not None

    @property
    def flat_inputs(self) -> Array:
        """The judged rows as [row, number]."""
        return flat(self.inputs)

    def score(self, recipe: Recipe, outputs: Any) -> NDArray[np.float64]:
        """Scores [replica, part] of outputs [replica, row, …]; NaN where there is none."""
        given = keras.tree.flatten(outputs)
        name, config = recipe.loss_config
        logits = bool(config.get("from_logits")) and name != "categorical_crossentropy"
        scores = np.stack(
            [np.stack([task.score(np.asarray(out), part, logits=logits)
                       for part in self.weights], 1)
             for task, out in zip(self.tasks, given, strict=False)]
        )
        if len(self.tasks) == 1:
            first: NDArray[np.float64] = scores[0]
            return first
        closed = []
        for task, score in zip(self.tasks, scores, strict=False):
            low = task.best_constant(self.weights[0])
            closed.append((score - low) / max(1.0 - low, 1e-12))
        worst: NDArray[np.float64] = np.min(closed, axis=0)
        return worst

    def learned(self, population: Trained, *, part: int = 0) -> NDArray[np.bool_]:
        """Which replicas learned, by all rows (part 0), the trained (1) or the validated ones (2)."""
        if self.asked is not None and self.asked[0] == "loss":
            _, comparison, value = self.asked
            enough: NDArray[np.bool_] = np.asarray(
                _COMPARISONS[comparison](population.final_loss, value))
            return enough & np.isfinite(population.final_loss)
        score = population.score[:, part]
        with np.errstate(invalid="ignore"):
            reached: NDArray[np.bool_] = score >= self.threshold - 1e-9
        return reached & ~population.diverged

    def skill(self, loss: float) -> float | None:
        """(baseline − loss) / (baseline − floor): 0 is no better than a constant, 1 is perfect."""
        if self.baseline is None or self.floor is None or self.baseline <= self.floor:
            return None
        return (self.baseline - loss) / (self.baseline - self.floor)


def make_goal(
    recipe: Recipe, *, asked: str | None = None, seed: int = 0, references: bool = True
) -> Goal:
    """The yardstick of a recipe as captured.

    Args:
        recipe: the recipe before any change.
        asked: the user's own goal, such as "accuracy >= 0.95" or "loss <= 0.1".
        seed: for the references' folds.
        references: ask plain methods what the data allows, which takes up to a few seconds.

    Raises:
        BadData: there is nothing to judge by (no rows, targets that are no numbers).
        UnstuckError: `asked` is not of that form.
    """
    x, y = recipe.x, recipe.y
    targets = [np.asarray(t) for t in keras.tree.flatten(y) if t is not None]
    if not targets:
        raise BadData("fit was called without targets (y), so there is nothing to judge outputs by.")
    rows = len(targets[0])
    trained = np.arange(rows) < recipe.train.rows
    flat_x = flat(x)
    flat_y = np.concatenate([t.reshape(rows, -1).astype(np.float64) for t in targets], 1)
    _, first, groups, counts = distinct(np.concatenate([flat_x, flat_y], 1))
    patterns = len(first) <= FEW_PATTERNS or len(first) * 4 <= rows
    if patterns and len(first) <= SAMPLE:
        order = np.argsort(first) if len(first) > 16 else np.lexsort(flat_x[first].T[::-1])
        judged = first[order]
        weights = np.stack([
            counts[order],
            np.bincount(groups[trained], minlength=len(first))[order],
            np.bincount(groups[~trained], minlength=len(first))[order],
        ]).astype(np.float64)
    else:
        judged = np.unique(np.linspace(0, rows - 1, min(rows, SAMPLE)).astype(np.int64))
        weights = np.stack([np.ones(len(judged)), trained[judged], ~trained[judged]]).astype(float)
    inputs = keras.tree.map_structure(lambda a: np.asarray(a)[judged], x)
    shown = [t[judged] for t in targets]
    if recipe.validation_data is not None:
        inputs, shown, weights = _with_validation(recipe, inputs, shown, weights)
    sizes = _output_sizes(recipe)
    tasks = _tasks(recipe, shown, sizes)
    whole_tasks = _tasks(recipe, targets, sizes)
    same = len(targets) == 1 and _same_rows(flat_x, flat_y, targets[0])
    level = _levels(recipe, whole_tasks, flat_x, patterns=patterns, same=same, seed=seed,
                    asking=references)
    noise = None
    if references and not same and len(targets) == 1:
        noise = noise_of(flat_x, flat_y, few=FEW_PATTERNS)
    goal = Goal(
        tasks=tasks, inputs=inputs, weights=weights, rows=rows,
        distinct_rows=len(distinct(flat_x)[1]),
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
    return goal if asked is None else replace(_as_asked(goal, asked), settled=True)


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
            size = _linear_size(recipe, flat_x.shape[1])
            if size is not None:
                sample = flat_x[np.linspace(0, len(flat_x) - 1, min(len(flat_x), 2000)).astype(int)]
                references[f"PCA with {size} components"] = pca_score(sample, size)
        else:
            references = reference_scores(for_plain_methods(recipe), task, seed=seed)
            if references and max(references.values()) < constant + least:
                smooth = smooth_score(flat_x, task, seed=seed)
                references |= {} if smooth is None else {"kernel regression": smooth}
        best = max(references, key=references.__getitem__, default=None)
        ceiling = 1.0 if best is None else references[best]
        source = "a perfect answer" if best is None else best
        share = SAMPLED_GAP_CLOSED if same and latent_means(recipe) else GAP_CLOSED
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
    if task.either_way:
        measured += ", whichever side of the middle the outputs call which, as with a distance"
    return (f"{_percent(share)} of the way from the best constant output ({constant:.3g}) to"
            f" {source} ({ceiling:.3g}): at least {threshold:.3g} {measured}")


def _linear_size(recipe: Recipe, inputs: int) -> int | None:
    """Numbers in the code, or as many as a linear autoencoder has with no more parameters.

    A small network that shares its weights, such as a convolutional one, is not held to what a
    linear one reaches with fifty times as many.
    """
    size = code_size(recipe)
    if size is None:
        return None
    return max(1, min(size, recipe.parameters // (2 * inputs)))


def code_size(recipe: Recipe) -> int | None:
    """Numbers in the narrowest hidden layer's output for one row; `None` where it is not known."""
    sizes = [size for _, size in hidden_sizes(recipe)]
    return min(sizes) if sizes else None


def hidden_sizes(recipe: Recipe) -> list[tuple[str, int]]:
    """Layers before the last one with the count of numbers that they put out for one row.

    Of a subclassed model, whose layers tell no shapes, the dense ones, where a row is a vector.
    """
    found = []
    vectors = all(np.ndim(x) == 2 for x in keras.tree.flatten(recipe.x))
    for layer in recipe.layers[:-1]:
        if vectors and layer.kind == "Dense" and not recipe.architecture.is_graph:
            found.append((layer.name, int(layer.config["units"])))
            continue
        shape = layer.output_shape[1:]
        if layer.kind == "InputLayer" or not shape or any(d is None for d in shape):
            continue
        found.append((layer.name, int(np.prod([d for d in shape if d is not None]))))
    return found


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


def _with_validation(
    recipe: Recipe, inputs: Any, shown: list[Array], weights: Array
) -> tuple[Any, list[Array], Array]:
    assert recipe.validation_data is not None
    held = recipe.validation_data
    count = min(held.rows, SAMPLE)
    pick = np.unique(np.linspace(0, held.rows - 1, count).astype(np.int64))
    inputs = keras.tree.map_structure(
        lambda a, b: np.concatenate([a, np.asarray(b)[pick]]), inputs, held.x)
    more = [np.asarray(t)[pick] for t in keras.tree.flatten(held.y) if t is not None]
    shown = [np.concatenate([a, b.reshape(len(b), *a.shape[1:])])
             for a, b in zip(shown, more, strict=True)]
    grown = np.zeros((3, weights.shape[1] + len(pick)))
    grown[:, : weights.shape[1]] = weights
    grown[2, weights.shape[1] :] = 1.0
    return inputs, shown, grown


def _as_asked(goal: Goal, asked: str) -> Goal:
    match = re.fullmatch(r"\s*([\w ²]+?)\s*(>=|<=|>|<)\s*([-+.\deE]+)\s*", asked)
    allowed = {goal.metric, "loss"}
    if match is None or match[1].lower().replace("²", "2") not in allowed:
        raise UnstuckError(
            f"--goal {asked!r} is not understood. Write METRIC >= NUMBER or loss <= NUMBER, where"
            f" METRIC is {goal.metric} for these targets."
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
