"""Outputs and targets of different shapes, stretched to fit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from unstuck.interventions import _network as network
from unstuck.interventions.output_units import OutputUnits
from unstuck.interventions.return_sequences import LastStateOnly
from unstuck.interventions.target_shape import TargetShape
from unstuck.network import adapter
from unstuck.network.own_steps import variables_of_state
from unstuck.network.recipe import Recipe
from unstuck.network.steps import train_step_of

from . import Check, Family, Finding, Observation, measured
from . import _anatomy as anatomy
from . import _data as data
from . import _tries as tries

STRETCHES = ("mean_squared_error", "mean_absolute_error", "mean_squared_logarithmic_error",
             "mean_absolute_percentage_error", "log_cosh", "huber", "poisson", "hinge",
             "squared_hinge", "custom")


@dataclass(frozen=True)
class TargetsBroadcast(Check):
    """Each output is compared with targets that belong to others, because the shapes differ.

    ## What it sees
    The shapes of one row of outputs and of targets, as the loss compares them, where they differ
    and one of them is stretched along an axis without any error. Cross-entropies refuse such
    shapes; squared error and its like do not. A loss or a training step of one's own is traced: on
    the way, targets of the shape (rows,) may meet outputs of the shape (rows, 1), which makes a
    table of all rows against all.

    ## Why learning stops
    An axis of size 1 is repeated to fit the other shape. One output against three columns of
    targets learns their mean; every step of a sequence against one target learns it at the first
    step, when nothing has been seen yet; ten outputs against one class number are all pulled
    towards that number.

    ## What it tries
    As many outputs as targets; the last state of a recurrent layer only; class numbers under a
    loss for class numbers; targets in the shape of the outputs.

    ## Example
        model = keras.Sequential([layers.LSTM(8, return_sequences=True), layers.Dense(1)])    # sick
        model = keras.Sequential([layers.LSTM(8), layers.Dense(1)])                           # cured

        nn.MSELoss()(linear(x), y)                 # outputs (n, 1), targets (n,): sick, in PyTorch
        nn.MSELoss()(linear(x), y.unsqueeze(1))    # cured

    ## When it is wrong
    A target that is meant for every step of a sequence is stretched on purpose. Then say so in its
    shape: repeat it along the steps, and nothing is left to guess. Some losses mean to compare the
    outputs of a batch with the targets of all its rows.

    ## References
    Humbatova et al. 2020, Taxonomy of real faults in deep learning systems, arxiv.org/abs/1910.11015.
    NumPy, Broadcasting.
    """

    family: ClassVar[Family] = Family.LABELS
    always: ClassVar[bool] = True
    of_each_output: ClassVar[bool] = True
    explains: ClassVar[tuple[str, ...]] = ("own-loss-misleads",)

    def look(self, seen: Observation) -> Iterator[Finding]:
        """The shapes as the loss sees them."""
        recipe, found = seen.recipe, data.arrays(seen.recipe.y)
        if seen.whole is None:
            yield from self._crossed(recipe)
        shapes = recipe.architecture.output_shapes
        if len(found) != 1 or len(shapes) != 1 or recipe.loss_config[0] not in STRETCHES:
            return
        given = shapes[0][1:]
        if any(size is None for size in given):
            return
        output = tuple(int(size or 0) for size in given)
        target = found[0].shape[1:] or (1,)
        if not stretched(output, target):
            return
        yield self.fact(
            f"The output of a row has the shape {output} and its target {target}:"
            f" {recipe.loss_config[0]} repeats the smaller one, so that each number is compared"
            " with others than its own.",
            measured("numbers put out for one row", int(np.prod(output)), int(np.prod(target)),
                     "numbers"),
            site="loss", tries=self._tries(seen, output, target),
        )

    def _crossed(self, recipe: Recipe) -> Iterator[Finding]:
        """A step of the user's own that compares the rows of a batch with each other."""
        crossed = _crossing(recipe)
        if crossed is None:
            return
        batch = min(recipe.batch_size, recipe.train.rows)
        targets, given, table = (
            tuple(batch if size == crossed.count else size for size in shape)
            for shape in (crossed.targets, crossed.outputs, crossed.table))
        yield self.fact(
            "Each output is compared with the targets of all rows of its batch: targets of the shape"
            f" {targets} meet outputs of the shape {given}, and both are stretched to {table}.",
            measured("targets that an output is compared with", batch, 1, "rows"),
            site="loss" if recipe.loss_config[0] == "custom" else "fit",
            tries=tuple(change for change in (TargetShape(column=True), TargetShape(column=False))
                        if _sets_right(recipe, change)),
        )

    def _tries(
        self, seen: Observation, output: tuple[int, ...], target: tuple[int, ...]
    ) -> tries.Tries:
        recipe, head = seen.recipe, anatomy.head(seen.recipe)
        if len(output) == len(target) + 1 and any(
                layer.is_recurrent and layer.config.get("return_sequences")
                for layer in recipe.layers):
            return (LastStateOnly(),)
        if head is None or len(output) != 1 or len(target) != 1:
            return ()
        name = recipe.loss_config[0]
        if seen.goal.task.kind == "classes" and output[0] > 1:
            return tries.output_and_loss(recipe, head, "softmax", "sparse_categorical_crossentropy")
        if name == "custom":
            name = "mean_squared_error"
        return _units(recipe, target[0], head.activation, name)


def _crossing(recipe: Recipe) -> adapter.Crossed | None:
    """How the training step crosses rows, where it is not Keras's own throughout."""
    model = recipe.architecture.source
    own = any(adapter.overrides(model, name) for name in ("train_step", "compute_loss"))
    if recipe.loss_config[0] != "custom" and not own:
        return None
    with suppress(Exception):  # what cannot be traced is told where it is trained
        return _crossed(recipe)
    return None


def _crossed(recipe: Recipe) -> adapter.Crossed | None:
    model, rows = recipe.build().model, recipe.train
    return adapter.crossed_rows(
        variables_of_state(model), train_step_of(model, recipe), rows.x, rows.y, rows.sample_weight)


def _sets_right(recipe: Recipe, change: TargetShape) -> bool:
    """True where a step with targets of that shape can be traced, and crosses no rows."""
    with suppress(Exception):  # refused, or no targets for such a step
        return _crossed(change.apply(recipe)) is None
    return False


def _units(recipe: Recipe, units: int, activation: str, loss: str) -> tries.Tries:
    if activation == "softmax" or len(network.output_layers(recipe)) != 1:
        return ()
    return (OutputUnits.of(recipe, units, activation, loss),)


def stretched(output: tuple[int, ...], target: tuple[int, ...]) -> bool:
    """True where Keras compares these shapes of one row by repeating one of them.

    Keras squeezes a last axis of size 1 where the numbers of axes differ by one.
    """
    for one, other in ((output, target), (target, output)):
        if len(one) == len(other) + 1 and one[-1] == 1:
            if one is output:
                output = output[:-1]
            else:
                target = target[:-1]
    if output == target or len(output) != len(target):
        return False
    return all(a == b or 1 in (a, b) for a, b in zip(output, target, strict=True))
