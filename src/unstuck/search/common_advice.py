"""What people try anyway: one thing at a time, and all at once that a careful person would do."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator
from contextlib import suppress

import keras
import numpy as np

from unstuck.base.errors import NotSupported
from unstuck.goal import Goal
from unstuck.interventions import Intervention
from unstuck.interventions._network import hidden_layers
from unstuck.interventions._stack import about_depth
from unstuck.interventions.activation import Activation
from unstuck.interventions.balanced_losses import BalancedLosses
from unstuck.interventions.batch_size import BatchSize
from unstuck.interventions.clipping import NoClipping
from unstuck.interventions.dense_output import DenseOutput
from unstuck.interventions.drop_missing import DropMissing
from unstuck.interventions.dropout import NoDropout
from unstuck.interventions.early_stopping import Patience
from unstuck.interventions.epochs import Epochs
from unstuck.interventions.fill_missing import FillMissing, missing_marks
from unstuck.interventions.fresh_weights import FreshWeights
from unstuck.interventions.hidden_activations import HiddenActivations
from unstuck.interventions.initializer import Initializer
from unstuck.interventions.initializers import Initializers
from unstuck.interventions.learning_rate import LearningRate
from unstuck.interventions.mask_padding import MaskPadding, read_padding
from unstuck.interventions.optimizer import UseOptimizer
from unstuck.interventions.regularizer import NoRegularizers
from unstuck.interventions.remove_layer import RemoveLayer
from unstuck.interventions.scale_data import ScaleData
from unstuck.interventions.scale_inputs import ScaleInputs
from unstuck.interventions.scale_targets import ScaleTargets
from unstuck.interventions.schedule import ConstantRate
from unstuck.interventions.shuffle import Shuffle
from unstuck.interventions.shuffle_rows import ShuffleRows
from unstuck.interventions.skip_connections import SkipConnections
from unstuck.interventions.stack_normalization import StackNormalization
from unstuck.interventions.standardize_data import StandardizeData
from unstuck.interventions.target_shape import TargetShape
from unstuck.interventions.train_as_fit import TrainAsFit, left_out
from unstuck.interventions.trained_through import TrainedThrough, flag_of
from unstuck.interventions.unfreeze import Unfreeze
from unstuck.interventions.validation_split import ValidationSplit
from unstuck.interventions.warm_up import WarmUp
from unstuck.interventions.width import Width
from unstuck.interventions.widths import Widths
from unstuck.network.callback_rules import EarlyStopping
from unstuck.network.optimizer import Optimizer
from unstuck.network.post_norm import is_post_norm
from unstuck.network.recipe import Recipe
from unstuck.network.stacks import Stack, stacks
from unstuck.network.torch_numbers.losses import AllPairs

from .output_layers import WIDE, end_made_right, ends, made_at, outputs_and_losses, unit_scale

ENOUGH_UPDATES = 3000
"""Updates after which small networks with a sane rate have learned what they can (issue 5's arm)."""
USUAL_BATCH, USUAL_RATE = 32, 1e-3
"""Keras's own batch size, and its own learning rate for Adam."""
LARGE_BATCH, FEW_A_PASS = 64, 20
"""Batches of so many rows, so few in an epoch, are made smaller (see large-batch)."""
MANY_ROWS = 64
"""Above it a fair sample of the rows can be held back; below, all are needed for training."""
DEEP = 8
"""Blocks of a stack from which on a careful person normalises between them and puts skips over them."""
ADAPTIVE = ("Adam", "AdamW", "Nadam", "Adamax", "RMSprop")


def careful(
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


def _everything(
    recipe: Recipe, goal: Goal, activation: str, rate: float, most: Callable[[int], int]
) -> Iterator[Callable[[], Intervention]]:
    if recipe.loop is not None:
        yield from (functools.partial(TrainAsFit, what=what) for what in left_out(recipe.loop))
        yield Unfreeze
    yield from (functools.partial(TrainedThrough, layer=layer.name) for layer in recipe.layers
                if flag_of(layer.config))
    if isinstance(recipe.loss, AllPairs):
        yield from (functools.partial(TargetShape, column=column) for column in (True, False))
    yield DropMissing
    yield from (functools.partial(FillMissing, mark=mark, columns=columns)
                for array in keras.tree.flatten(recipe.x)
                for mark, columns in missing_marks(np.asarray(array)).items())
    parts = list(ends(recipe, goal))
    for part, own, at in parts:
        for make in end_made_right(part, own):
            yield functools.partial(made_at, at, make)
    yield StandardizeData
    yield ScaleInputs
    if read_padding(recipe) is not None:
        yield MaskPadding
    for _, own, at in parts:
        if own.task.kind == "real" and not unit_scale(own):
            yield functools.partial(made_at, at, ScaleTargets)
    yield lambda: BalancedLosses.of(recipe, (own.baseline for own in goal.parts))
    yield lambda: HiddenActivations.recurrent(recipe)
    yield lambda: HiddenActivations.of(recipe, activation, linear_too=not goal.is_autoencoder)
    yield lambda: Initializers.of(recipe, "glorot_uniform")
    yield lambda: Widths.of(recipe, at_least=WIDE)
    for stack in stacks(recipe.architecture):
        if len(stack.blocks) >= DEEP:
            yield functools.partial(StackNormalization.of, recipe, stack)
            yield functools.partial(SkipConnections.of, recipe, stack)
    yield NoRegularizers
    yield NoDropout
    if is_post_norm(recipe.architecture):  # its steps are too long at the rates of small networks
        if recipe.optimizer.kind not in ADAPTIVE:
            yield lambda: UseOptimizer(name="Adam")
        yield lambda: WarmUp(value=rate / 10)
    elif _is_usual_adam(recipe.optimizer):
        if recipe.optimizer.learning_rate != rate:
            yield lambda: LearningRate.of(recipe, rate)
    elif recipe.optimizer.kind != "Adam" or recipe.optimizer.learning_rate != rate:
        yield lambda: UseOptimizer(name="Adam", learning_rate=rate)
    batch, updates = recipe.batch_size, recipe.updates
    if updates < ENOUGH_UPDATES and batch >= LARGE_BATCH and recipe.updates_per_epoch < FEW_A_PASS:
        batch = USUAL_BATCH  # the same passes over the rows, in more updates
        yield lambda: BatchSize.of(recipe, USUAL_BATCH)
    each = math.ceil(recipe.rows_per_epoch / batch)
    longer = Epochs.enough(recipe, math.ceil(ENOUGH_UPDATES / each), most=math.ceil(most(batch) / each))
    if longer.value > recipe.epochs:
        yield lambda: longer
    if recipe.rules.of(EarlyStopping):
        yield lambda: Patience.of(recipe, None)
    if recipe.rules.sets_rate:
        yield ConstantRate
    if not recipe.shuffle and recipe.updates_per_epoch > 1:  # of one batch the order is nothing
        yield Shuffle
    if split_takes_away(goal):
        yield lambda: ShuffleRows() if goal.rows > MANY_ROWS else ValidationSplit(value=0.0)


def _is_usual_adam(own: Optimizer) -> bool:
    """True for Adam with nothing set but its rate."""
    rate = own.learning_rate
    return rate is not None and own.instead("Adam", learning_rate=rate) == own


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


def battery(recipe: Recipe, goal: Goal) -> Iterator[Intervention]:
    """What people try, and what has to be ruled out, one thing at a time."""
    rate = recipe.optimizer.learning_rate
    if is_post_norm(recipe.architecture):
        peak = rate or recipe.peak_rate or USUAL_RATE
        yield from (WarmUp(value=peak * factor) for factor in (1, 0.1))
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
    parts = list(ends(recipe, goal))
    for part, own, at in parts:
        yield from map(at, outputs_and_losses(part, own))
    with suppress(NotSupported):
        yield BalancedLosses.of(recipe, (own.baseline for own in goal.parts))
    with suppress(NotSupported):
        yield DenseOutput.of(recipe, at_least=WIDE)
    hidden = hidden_layers(recipe)
    repeated = stacks(recipe.architecture)
    in_stacks = {name for stack in repeated for name in stack.layers}
    for stack in repeated:
        yield from _about_stack(recipe, stack, {layer.name for layer in hidden})
    # The last hidden layers come first: what they lose, nothing behind them can bring back.
    for layer in reversed(hidden):
        if layer.name not in in_stacks:
            yield from _about_layer(recipe, layer.name, layer.activation)
    for activation in ("leaky_relu", "tanh", "relu"):
        with suppress(NotSupported):
            yield HiddenActivations.of(recipe, activation)
    yield Widths.of(recipe, at_least=WIDE)
    for initializer in ("glorot_uniform", "he_normal"):
        yield Initializers.of(recipe, initializer)
    yield ScaleInputs()
    yield from (at(ScaleTargets()) for _, _, at in parts)
    with suppress(NotSupported):
        yield ScaleData.of(recipe)
    yield StandardizeData()
    yield NoRegularizers()
    yield NoDropout()
    yield NoClipping()
    if not recipe.shuffle and recipe.updates_per_epoch > 1:
        yield Shuffle()
    if recipe.validation_split:
        yield ValidationSplit(value=0.0)
        yield ShuffleRows()


def _about_stack(recipe: Recipe, stack: Stack, hidden: set[str]) -> Iterator[Intervention]:
    """Changes to all of its blocks: one by one they are too many, and none of them is the reason."""
    yield from about_depth(recipe, stack)
    yield Widths.within(recipe, stack, factor=2)
    for activation in ("leaky_relu", "tanh", "relu") if hidden - {*stack.layers} else ():
        with suppress(NotSupported):
            yield HiddenActivations.within(recipe, stack, activation)


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
