"""Interventions whose values are worked out from the recipe; several checks propose them.

Each returns a tuple, empty where the recipe has nothing of the kind to change.
"""

from __future__ import annotations

import inspect
import math
from contextlib import suppress

import keras

from unstuck.base.errors import NotSupported
from unstuck.goal import Goal
from unstuck.interventions import Intervention
from unstuck.interventions.activation import Activation
from unstuck.interventions.epochs import Epochs
from unstuck.interventions.fill_missing import FillMissing
from unstuck.interventions.hidden_activations import HiddenActivations
from unstuck.interventions.initializers import Initializers
from unstuck.interventions.learning_rate import LearningRate
from unstuck.interventions.loss import Loss
from unstuck.interventions.output_and_loss import OutputAndLoss
from unstuck.interventions.scale_data import ScaleData
from unstuck.interventions.standardize_data import StandardizeData
from unstuck.interventions.width import Width
from unstuck.interventions.widths import Widths
from unstuck.network.layers import Layer
from unstuck.network.recipe import Recipe

from . import _anatomy as anatomy

Tries = tuple[Intervention, ...]


def rates(recipe: Recipe, *factors: float) -> tuple[LearningRate, ...]:
    """The learning rate times each factor; nothing under a schedule, or where it is not above 0."""
    rate = recipe.optimizer.learning_rate
    if not rate or rate < 0:
        return ()
    return tuple(LearningRate.of(recipe, float(f"{rate * factor:.6g}")) for factor in factors)


def rates_around(recipe: Recipe) -> Tries:
    """The learning rate times ten and a tenth of it, first what is nearer to the optimizer's usual;
    before both the usual itself, where a tenth is still above it."""
    lower = usual_rate(recipe)
    if not lower:
        return rates(recipe, 10, 0.1)
    tenth, ten = rates(recipe, 0.1, 10)
    return (*(lower if tenth.value > lower[0].value else ()), tenth, ten)


def higher_rate(recipe: Recipe) -> Tries:
    """The learning rate times ten, where it is not above the optimizer's usual already."""
    return () if usual_rate(recipe) else rates(recipe, 10)


def usual_rate(recipe: Recipe) -> tuple[LearningRate, ...]:
    """The rate that Keras gives this optimizer by default, where it is lower."""
    usual, rate = default_rate(recipe), recipe.optimizer.learning_rate
    return usual if usual and rate and usual[0].value < rate else ()


def default_rate(recipe: Recipe) -> tuple[LearningRate, ...]:
    """The rate that Keras gives this optimizer by default; nothing for one that is not Keras's."""
    known = getattr(keras.optimizers, recipe.optimizer.kind, None)
    return () if known is None else (LearningRate.of(recipe, float(
        inspect.signature(known).parameters["learning_rate"].default)),)


def more_epochs(recipe: Recipe, *, at_least: int) -> Tries:
    """Ten times the epochs, or as many as make so many updates, whichever is more."""
    needed = math.ceil(at_least / recipe.updates_per_epoch)
    ten = 10 * recipe.epochs
    return (Epochs.of(recipe, ten) if ten >= needed else Epochs.enough(recipe, needed),)


def activation(recipe: Recipe, layer: Layer, value: str) -> Tries:
    """Another activation for one layer."""
    return () if layer.activation == value else (Activation.of(recipe, layer.name, value),)


def hidden_activations(recipe: Recipe, value: str, *, linear_too: bool = False) -> Tries:
    """Another activation for all hidden layers."""
    change = HiddenActivations.of(recipe, value, linear_too=linear_too)
    return (change,) if change.layers else ()


def recurrent_activations(recipe: Recipe) -> Tries:
    """The hyperbolic tangent for all recurrent layers."""
    change = HiddenActivations.recurrent(recipe)
    return (change,) if change.layers else ()


def data_scale(recipe: Recipe) -> Tries:
    """Inputs that are the targets too, brought between 0 and 1; columns of their own to one scale."""
    with suppress(NotSupported):
        return (ScaleData.of(recipe),)
    with suppress(NotSupported):
        StandardizeData().apply(recipe)
        return (StandardizeData(),)
    return ()


def filled(recipe: Recipe, mark: float, columns: tuple[int, ...]) -> Tries:
    """The median where a number marks missing values, and the same with columns that tell where."""
    found: Tries = ()
    for told in (False, True):
        change = FillMissing(mark=mark, columns=columns, told=told)
        with suppress(NotSupported):
            change.apply(recipe)
            found += (change,)
    return found


def initializers(recipe: Recipe, value: str) -> Tries:
    """Another initialiser for all layers with a kernel."""
    change = Initializers.of(recipe, value)
    return (change,) if change.layers else ()


def output_and_loss(
    recipe: Recipe, head: anatomy.Head | None, value: str, loss: str, *, from_logits: bool = False
) -> Tries:
    """Another output activation, and the loss that goes with it."""
    if head is None:
        return ()
    return (OutputAndLoss.of(recipe, value, loss, from_logits=from_logits),)


def usual_loss(recipe: Recipe, goal: Goal, head: anatomy.Head | None) -> Tries:
    """A loss of Keras's for these targets, with the output as it is where that suits it."""
    if head is None or len(goal.tasks) > 1:
        return ()
    kind, units = goal.task.kind, head.units or 1
    if kind == "classes" and units > 1:
        output, loss = "softmax", "sparse_categorical_crossentropy"
    elif kind == "one-hot":
        output, loss = "softmax", "categorical_crossentropy"
    elif kind == "binary" and goal.task.levels == (0.0, 1.0):
        output, loss = "sigmoid", "binary_crossentropy"
    else:
        return (Loss(value="mean_squared_error"),)
    if head.activation == output:
        return (Loss(value=loss),)
    return (*output_and_loss(recipe, head, output, loss), Loss(value="mean_squared_error"))


def wider(recipe: Recipe, layer: Layer) -> Tries:
    """A layer at twice and at eight times its width, the latter at least 16."""
    was = anatomy.width(layer)
    if was is None:
        return ()
    return tuple(Width.of(recipe, layer.name, value) for value in (2 * was, max(16, 8 * was)))


def widths(recipe: Recipe, *, at_least: int) -> Tries:
    """All hidden layers with at least so many units."""
    change = Widths.of(recipe, at_least=at_least)
    return (change,) if change.widths else ()
