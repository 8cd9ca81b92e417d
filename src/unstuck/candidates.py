"""What to try: the changes that checks propose, those that people try anyway, and all at once.

`singles` are changes of one thing; symptoms only order them, they never leave one out. `strong_sets`
are arms in which everything is done that a careful person would do: if one of them learns, the
search can shrink it to what is necessary, and causes that hide each other come out.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from unstuck import outputs
from unstuck.between_epochs import EarlyStopping
from unstuck.checks import Certainty, Finding
from unstuck.errors import NotSupported
from unstuck.goal import Goal
from unstuck.interventions import Changes, Intervention, apply_all, compatible
from unstuck.interventions._network import hidden_layers, output_activation
from unstuck.interventions.activation import Activation
from unstuck.interventions.at_output import AtOutput
from unstuck.interventions.balanced_losses import BalancedLosses
from unstuck.interventions.batch_size import BatchSize
from unstuck.interventions.clipping import NoClipping
from unstuck.interventions.dense_output import DenseOutput, recurrent_output
from unstuck.interventions.drop_missing import DropMissing
from unstuck.interventions.dropout import NoDropout
from unstuck.interventions.early_stopping import Patience
from unstuck.interventions.epochs import Epochs
from unstuck.interventions.fresh_weights import FreshWeights
from unstuck.interventions.hidden_activations import HiddenActivations
from unstuck.interventions.initializer import Initializer
from unstuck.interventions.initializers import Initializers
from unstuck.interventions.learning_rate import LearningRate
from unstuck.interventions.loss import Loss
from unstuck.interventions.mask_padding import MaskPadding, read_padding
from unstuck.interventions.optimizer import UseOptimizer
from unstuck.interventions.output_and_loss import OutputAndLoss
from unstuck.interventions.output_units import OutputUnits
from unstuck.interventions.placebo import Placebo
from unstuck.interventions.regularizer import NoRegularizers
from unstuck.interventions.remove_layer import RemoveLayer
from unstuck.interventions.scale_data import ScaleData
from unstuck.interventions.scale_inputs import ScaleInputs
from unstuck.interventions.scale_targets import ScaleTargets
from unstuck.interventions.schedule import ConstantRate
from unstuck.interventions.shuffle import Shuffle
from unstuck.interventions.shuffle_rows import ShuffleRows
from unstuck.interventions.validation_split import ValidationSplit
from unstuck.interventions.width import Width
from unstuck.interventions.widths import Widths
from unstuck.recipe import Recipe

ENOUGH_UPDATES = 3000
"""Updates after which small networks with a sane rate have learned what they can (issue 5's arm)."""
LEAST_UPDATES = 100
"""Adam at 0.001 moves a weight by 0.1 at most in so many, less than most start with: with fewer,
nothing is tried that does not train longer too."""
USUAL = (("elu", 1e-3), ("tanh", 1e-2), ("relu", 3e-3), ("elu", 1e-2))
"""Activations of hidden layers and rates of Adam with which small networks learn."""
WIDE = 32
USUAL_BATCH = 32
"""Keras's own batch size."""
LARGE_BATCH, FEW_A_PASS = 64, 20
"""Batches of so many rows, so few in an epoch, are made smaller (see large-batch)."""
MANY_ROWS = 64
"""Above it a fair sample of the rows can be held back; below, all are needed for training."""
ADAPTIVE = ("Adam", "AdamW", "Nadam", "Adamax", "RMSprop")


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A change to try, the checks that asked for it, and whether one of them had a fact to show."""

    change: Intervention
    checks: tuple[str, ...] = ()
    certain: bool = False


def placebo() -> Intervention:
    """The arm in which nothing but the shuffling is another."""
    return Placebo()


def singles(recipe: Recipe, goal: Goal, findings: Iterable[Finding]) -> list[Candidate]:
    """Every change of one thing that is worth a trial, those that checks ask for first."""
    asked: dict[Intervention, tuple[str, ...]] = {}
    certain: set[Intervention] = set()
    for finding in findings:
        for change in finding.interventions:
            asked[change] = (*asked.get(change, ()), finding.check)
            if finding.certainty is Certainty.FACT:
                certain.add(change)
    for change in _battery(recipe, goal):
        asked.setdefault(change, ())
    same: dict[str, Candidate] = {}
    for change, checks in asked.items():
        if not _applies(change, recipe) or (goal.asked is not None and goal.asked[0] == "loss"
                                            and _another_loss(change.apply(recipe), recipe)):
            continue
        # Two names for one change are one arm, under the plainer name.
        signature = change.apply(recipe).signature
        known, sure = same.get(signature), change in certain
        if known is not None:
            checks, sure = (*known.checks, *checks), sure or known.certain
            change = min(known.change, change, key=lambda c: c.cost)
        same[signature] = Candidate(change=change, checks=tuple(dict.fromkeys(checks)),
                                    certain=sure)
    return list(same.values())


def strong_sets(
    recipe: Recipe, goal: Goal, candidates: Iterable[Candidate], *,
    most: Callable[[int], int], widen: bool = True,
) -> list[Changes]:
    """Arms in which everything sensible is done at once, the likeliest first.

    First what the facts ask for, then what the checks ask for, then what a careful person would do
    without looking.

    Args:
        recipe: the control.
        goal: the yardstick.
        candidates: the single changes, those that checks asked for first.
        most: updates of batches of so many rows that the budget allows in one training.
        widen: make narrow layers wide, which costs time.
    """
    listed = list(candidates)
    found: list[Changes] = []

    def add(*wishes: list[Intervention]) -> None:
        """Sets of these changes: each as long as the script trains first, then longer."""
        for longer in (False, True):
            for wished in wishes:
                if longer or recipe.updates >= LEAST_UPDATES:
                    together = _compatible_part(recipe, (
                        change for change in wished if longer or not isinstance(change, Epochs)))
                    if together and together not in found:
                        found.append(together)

    for picked in ([c for c in listed if c.certain], [c for c in listed if c.checks]):
        add(_together(recipe, [c.change for c in picked], most(recipe.batch_size)))
    usual = [_careful(recipe, goal, activation, rate, most, widen=widen)
             for activation, rate in USUAL]
    for i in range(0, len(usual), 2):
        add(*usual[i : i + 2])
    return found


def _careful(
    recipe: Recipe, goal: Goal, activation: str, rate: float, most: Callable[[int], int], *,
    widen: bool,
) -> list[Intervention]:
    """What a careful person would do without looking, as far as it can be done here."""
    changes = []
    for make in _everything(recipe, goal, activation, rate, most):
        with suppress(NotSupported):
            change = make()
            if widen or not isinstance(change, Widths):
                changes.append(change)
    return changes


def _together(
    recipe: Recipe, changes: Iterable[Intervention], most_updates: int
) -> list[Intervention]:
    """What checks ask for as one set: no layer taken out, no longer than the budget allows."""
    longest = max(most_updates, recipe.updates)
    return [
        change for change in changes
        if not isinstance(change, RemoveLayer)
        and not (isinstance(change, Epochs) and change.apply(recipe).updates > longest)
    ]


def _compatible_part(recipe: Recipe, changes: Iterable[Intervention]) -> Changes:
    """As many of these as go together, the earlier before the later."""
    taken: list[Intervention] = []
    for change in changes:
        if compatible([*taken, change]) and _applies(change, recipe, taken):
            taken.append(change)
    return tuple(taken)


def _everything(
    recipe: Recipe, goal: Goal, activation: str, rate: float, most: Callable[[int], int]
) -> Iterator[Callable[[], Intervention]]:
    yield DropMissing
    ends = list(_ends(recipe, goal))
    for part, own, at in ends:
        for make in _end_made_right(part, own):
            yield functools.partial(_made_at, at, make)
    yield ScaleInputs
    if read_padding(recipe) is not None:
        yield MaskPadding
    for _, own, at in ends:
        if own.task.kind == "real" and not _unit_scale(own):
            yield functools.partial(_made_at, at, ScaleTargets)
    yield lambda: BalancedLosses.of(recipe, (own.baseline for own in goal.parts))
    yield lambda: HiddenActivations.recurrent(recipe)
    yield lambda: HiddenActivations.of(recipe, activation, linear_too=not goal.is_autoencoder)
    yield lambda: Initializers.of(recipe, "glorot_uniform")
    yield lambda: Widths.of(recipe, at_least=WIDE)
    yield NoRegularizers
    yield NoDropout
    if recipe.optimizer.kind != "Adam" or recipe.optimizer.learning_rate != rate:
        yield lambda: UseOptimizer(name="Adam", learning_rate=rate)
    batch, updates = recipe.batch_size, recipe.updates
    if updates < ENOUGH_UPDATES and batch >= LARGE_BATCH and recipe.updates_per_epoch < FEW_A_PASS:
        batch = USUAL_BATCH  # the same passes over the rows, in more updates
        yield lambda: BatchSize.of(recipe, USUAL_BATCH)
    each = math.ceil(recipe.rows_per_epoch / batch)
    epochs = math.ceil(min(ENOUGH_UPDATES, most(batch)) / each)
    if epochs > recipe.epochs:
        yield lambda: Epochs.of(recipe, epochs)
    if recipe.rules.of(EarlyStopping):
        yield lambda: Patience.of(recipe, None)
    if recipe.rules.sets_rate:
        yield ConstantRate
    if not recipe.shuffle:
        yield Shuffle
    if split_takes_away(goal):
        yield lambda: ShuffleRows() if goal.rows > MANY_ROWS else ValidationSplit(value=0.0)


def _ends(
    recipe: Recipe, goal: Goal
) -> Iterator[tuple[Recipe, Goal, Callable[[Intervention], Intervention]]]:
    """Each output as the only one, its yardstick, and what makes a change to it one to the whole."""
    if not goal.parts:
        yield recipe, goal, lambda change: change
        return
    for name, part, own in zip(outputs.names(recipe), outputs.each(recipe), goal.parts, strict=True):
        yield part, own, functools.partial(AtOutput.of, recipe, name)


def _made_at(
    at: Callable[[Intervention], Intervention], make: Callable[[], Intervention]
) -> Intervention:
    return at(make())


def _end_made_right(recipe: Recipe, goal: Goal) -> Iterator[Callable[[], Intervention]]:
    """What gives a network's end as many outputs, the activation and the loss that its targets need."""
    pairs = suited(goal)
    if _lacks_outputs(recipe, goal):
        yield lambda: _outputs_for_classes(recipe, goal)
    elif pairs and recurrent_output(recipe) is not None:
        yield lambda: DenseOutput.of(recipe, at_least=WIDE, activation=pairs[0][0])
        if recipe.loss_config[0] != pairs[0][1]:
            yield lambda: Loss(value=pairs[0][1])
    elif pairs and (recipe.loss_config[0] != pairs[0][1] or _output_is_not(recipe, pairs[0][0])):
        yield lambda: OutputAndLoss.of(recipe, *pairs[0])


def split_takes_away(goal: Goal) -> bool:
    """True where rows that are only validated on hold inputs or answers never trained on."""
    trained, held = goal.weights[1], goal.weights[2]
    if not held.any():
        return False
    if goal.patterns and bool(((held > 0) & (trained == 0)).any()):
        return True
    if len(goal.tasks) > 1 or not goal.task.discrete:
        return False
    truth = goal.task.truth()
    seen = {tuple(row) for row in truth[trained > 0]}
    share = np.mean([tuple(row) not in seen for row in truth[held > 0]])
    return bool(share > 0.2)


def _battery(recipe: Recipe, goal: Goal) -> Iterator[Intervention]:
    """What people try, and what has to be ruled out."""
    rate = recipe.optimizer.learning_rate
    if rate is not None:
        for factor in (10, 0.1, 100, 0.01):
            yield LearningRate.of(recipe, rate * factor)
    else:
        yield ConstantRate.of(recipe)
    if recipe.rules.sets_rate:
        yield ConstantRate.of(recipe)
    if recipe.rules.of(EarlyStopping):
        yield Patience.of(recipe, None)
    if recipe.architecture.kept:
        yield FreshWeights()
    yield Epochs.of(recipe, recipe.epochs * 10)
    if recipe.optimizer.kind not in ADAPTIVE:
        yield UseOptimizer(name="Adam", learning_rate=1e-3)
        yield UseOptimizer(name="Adam", learning_rate=1e-2)
    else:
        yield UseOptimizer(name="SGD", learning_rate=1e-2)
    yield from _batch_sizes(recipe)
    for part, own, at in _ends(recipe, goal):
        yield from map(at, _outputs_and_losses(part, own))
    with suppress(NotSupported):
        yield BalancedLosses.of(recipe, (own.baseline for own in goal.parts))
    with suppress(NotSupported):
        yield DenseOutput.of(recipe, at_least=WIDE)
    hidden = hidden_layers(recipe)
    # The last hidden layers come first: what they lose, nothing behind them can bring back.
    for layer in reversed(hidden):
        yield from _about_layer(recipe, layer.name, layer.activation)
    for activation in ("leaky_relu", "tanh", "relu"):
        with suppress(NotSupported):
            yield HiddenActivations.of(recipe, activation)
    yield Widths.of(recipe, at_least=WIDE)
    for initializer in ("glorot_uniform", "he_normal"):
        yield Initializers.of(recipe, initializer)
    yield ScaleInputs()
    yield from (at(ScaleTargets()) for _, _, at in _ends(recipe, goal))
    with suppress(NotSupported):
        yield ScaleData.of(recipe)
    yield NoRegularizers()
    yield NoDropout()
    yield NoClipping()
    if not recipe.shuffle:
        yield Shuffle()
    if recipe.validation_split:
        yield ValidationSplit(value=0.0)
        yield ShuffleRows()


def _about_layer(recipe: Recipe, name: str, activation: str | None) -> Iterator[Intervention]:
    units = recipe.architecture.layer(name).config
    width = units.get("units", units.get("filters"))
    if isinstance(width, int):
        yield Width.of(recipe, name, max(16, 8 * width) if width <= 64 else 2 * width)
    others: tuple[str, ...] = {"relu": ("linear", "leaky_relu"), "linear": ("relu",)}.get(
        activation or "linear", ("relu", "linear"))
    if recipe.architecture.layer(name).is_recurrent:
        others = ("tanh",)
    for other in others:
        if other != activation:
            with suppress(NotSupported):
                yield Activation.of(recipe, name, other)
    yield RemoveLayer(layer=name)
    if _odd_initializer(units.get("kernel_initializer")):
        yield Initializer.of(recipe, name, "glorot_uniform")


def _odd_initializer(config: object) -> bool:
    kind = config.get("class_name") if isinstance(config, dict) else config
    return kind not in (None, "GlorotUniform", "glorot_uniform", "HeNormal", "HeUniform")


def _batch_sizes(recipe: Recipe) -> Iterator[Intervention]:
    for size in (recipe.batch_size // 4, recipe.batch_size * 8):
        if size >= 1 and size // 2 < recipe.train.rows:
            yield BatchSize.of(recipe, size)


def _outputs_and_losses(recipe: Recipe, goal: Goal) -> Iterator[Intervention]:
    name = recipe.loss_config[0]
    if _lacks_outputs(recipe, goal):
        with suppress(NotSupported):
            yield _outputs_for_classes(recipe, goal)
        return
    for output, loss in suited(goal):
        with suppress(NotSupported):
            changed_output = _output_is_not(recipe, output)
            if changed_output:
                yield Activation.of(recipe, output_activation(recipe).name, output)
            if name != loss:
                yield Loss(value=loss)
            if changed_output and name != loss:
                yield OutputAndLoss.of(recipe, output, loss)


def _lacks_outputs(recipe: Recipe, goal: Goal) -> bool:
    """True where classes are to come out of fewer outputs than there are."""
    shapes = recipe.architecture.output_shapes
    return len(goal.tasks) == 1 and len(shapes) == 1 and (shapes[0][-1] or 0) < goal.task.classes


def _outputs_for_classes(recipe: Recipe, goal: Goal) -> OutputUnits:
    return OutputUnits.of(recipe, goal.task.classes, "softmax", "sparse_categorical_crossentropy")


def suited(goal: Goal) -> tuple[tuple[str, str], ...]:
    """Output activations and losses that suit the targets, the usual pair first."""
    task = goal.task
    if len(goal.tasks) > 1:
        return ()
    if task.kind == "classes":
        return (("softmax", "sparse_categorical_crossentropy"),)
    if task.kind == "one-hot":
        return (("softmax", "categorical_crossentropy"), ("sigmoid", "binary_crossentropy"))
    if task.kind == "binary" and task.levels == (0.0, 1.0):
        return (("sigmoid", "binary_crossentropy"), ("sigmoid", "mean_squared_error"))
    if task.kind == "binary" and task.levels == (-1.0, 1.0):
        return (("tanh", "mean_squared_error"), ("linear", "mean_squared_error"))
    if task.kind == "real" and task.targets.min() >= 0 and task.targets.max() <= 1:
        return (("linear", "mean_squared_error"), ("sigmoid", "binary_crossentropy"))
    return (("linear", "mean_squared_error"),)


def _output_is_not(recipe: Recipe, activation: str) -> bool:
    """True where the output has another activation; False where there is none to be seen."""
    with suppress(NotSupported):
        return output_activation(recipe).activation != activation
    return False


def _unit_scale(goal: Goal) -> bool:
    """True where the targets are of the size that a fresh network puts out."""
    values = goal.task.targets
    return bool(0.1 <= values.std() <= 3 and abs(values.mean()) <= 3)


def _applies(change: Intervention, recipe: Recipe, among: Iterable[Intervention] = ()) -> bool:
    """True where it can be made, after `among`, and changes something."""
    try:
        before = apply_all(among, recipe)
        after = apply_all([*among, change], recipe)
    except (NotSupported, KeyError):
        return False
    return after.signature != before.signature


def _another_loss(one: Recipe, other: Recipe) -> bool:
    """True where their losses cannot be compared."""
    return one.loss is not other.loss or one.loss_weights != other.loss_weights
