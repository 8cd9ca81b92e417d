"""A network's end: the outputs, activation and loss that its targets need, output by output."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import suppress

from unstuck.base.errors import NotSupported
from unstuck.goal import Goal
from unstuck.goal.tasks import are_shares
from unstuck.interventions import Intervention
from unstuck.interventions._network import output_activation
from unstuck.interventions.activation import Activation
from unstuck.interventions.at_output import AtOutput
from unstuck.interventions.dense_output import DenseOutput, recurrent_output
from unstuck.interventions.loss import Loss
from unstuck.interventions.output_and_loss import OutputAndLoss
from unstuck.interventions.output_units import OutputUnits
from unstuck.network import outputs
from unstuck.network.recipe import Recipe

SHARES = ("softmax", "categorical_crossentropy")
"""The output and the loss of rows that are shares of a whole."""
WIDE = 32
"""Units of a layer that is put behind or in the place of a narrow one."""


def ends(
    recipe: Recipe, goal: Goal
) -> Iterator[tuple[Recipe, Goal, Callable[[Intervention], Intervention]]]:
    """Each output as the only one, its yardstick, and what makes a change to it one to the whole."""
    if goal.by_loss:  # nothing says what it should be
        return
    if not goal.parts:
        yield recipe, goal, lambda change: change
        return
    for name, part, own in zip(outputs.names(recipe), outputs.each(recipe), goal.parts, strict=True):
        yield part, own, functools.partial(AtOutput.of, recipe, name)


def made_at(
    at: Callable[[Intervention], Intervention], make: Callable[[], Intervention]
) -> Intervention:
    """What `make` makes, as a change to the whole. Raises NotSupported as `make`."""
    return at(make())


def end_made_right(recipe: Recipe, goal: Goal) -> Iterator[Callable[[], Intervention]]:
    """What gives a network's end as many outputs, the activation and the loss that its targets need."""
    pairs = suited(recipe, goal)
    if _lacks_outputs(recipe, goal):
        yield lambda: _outputs_for_classes(recipe, goal)
    elif pairs and recurrent_output(recipe) is not None:
        yield lambda: DenseOutput.of(recipe, at_least=WIDE, activation=pairs[0][0])
        if recipe.loss_config[0] != pairs[0][1]:
            yield lambda: Loss(value=pairs[0][1])
    elif pairs and recipe.loss_config[0] == pairs[0][1] and _is_squeezed_twice(recipe, pairs[0][0]):
        yield lambda: Activation.of(recipe, output_activation(recipe).name, "linear")
    elif pairs and (recipe.loss_config[0] != pairs[0][1] or _output_is_not(recipe, pairs[0][0])):
        yield lambda: OutputAndLoss.of(recipe, *pairs[0])


def outputs_and_losses(recipe: Recipe, goal: Goal) -> Iterator[Intervention]:
    """Other output activations and losses that suit the targets, each alone and both together."""
    name = recipe.loss_config[0]
    if _lacks_outputs(recipe, goal):
        with suppress(NotSupported):
            yield _outputs_for_classes(recipe, goal)
        return
    for output, loss in suited(recipe, goal):
        with suppress(NotSupported):
            changed_output = _output_is_not(recipe, output)
            if (output, loss) == SHARES and goal.task.kind == "real":  # neither is anything by itself
                yield OutputAndLoss.of(recipe, output, loss)
                continue
            if changed_output:
                yield Activation.of(recipe, output_activation(recipe).name, output)
            if name != loss:
                yield Loss(value=loss)
            if changed_output and name != loss:
                yield OutputAndLoss.of(recipe, output, loss)


def suited(recipe: Recipe, goal: Goal) -> tuple[tuple[str, str], ...]:
    """Output activations and losses that suit the targets, the usual pair first."""
    task = goal.task
    if len(goal.tasks) > 1:
        return ()
    if task.kind == "classes":
        return (("softmax", "sparse_categorical_crossentropy"),)
    if task.kind == "one-hot":
        return (("softmax", "categorical_crossentropy"), ("sigmoid", "binary_crossentropy"))
    if task.kind == "binary" and _has_an_output_each(recipe, 2):
        return (("softmax", "sparse_categorical_crossentropy"),)
    if task.kind == "binary" and task.levels == (0.0, 1.0):
        return (("sigmoid", "binary_crossentropy"), ("sigmoid", "mean_squared_error"))
    if task.kind == "binary" and task.levels == (-1.0, 1.0):
        return (("tanh", "mean_squared_error"), ("linear", "mean_squared_error"))
    if task.kind == "real" and are_shares(task.targets):
        return (SHARES, ("linear", "mean_squared_error"))
    if task.kind == "real" and task.targets.min() >= 0 and task.targets.max() <= 1:
        return (("linear", "mean_squared_error"), ("sigmoid", "binary_crossentropy"))
    return (("linear", "mean_squared_error"),)


def _has_an_output_each(recipe: Recipe, classes: int) -> bool:
    """True where numbered classes have as many outputs, as two do in PyTorch."""
    shapes = recipe.architecture.output_shapes
    return (len(shapes) == 1 and shapes[0][-1] == classes
            and recipe.loss_config[0] == "sparse_categorical_crossentropy")


def _lacks_outputs(recipe: Recipe, goal: Goal) -> bool:
    """True where classes are to come out of fewer outputs than there are."""
    shapes = recipe.architecture.output_shapes
    return len(goal.tasks) == 1 and len(shapes) == 1 and (shapes[0][-1] or 0) < goal.task.classes


def _outputs_for_classes(recipe: Recipe, goal: Goal) -> OutputUnits:
    return OutputUnits.of(recipe, goal.task.classes, "softmax", "sparse_categorical_crossentropy")


def _output_is_not(recipe: Recipe, activation: str) -> bool:
    """True where the output has another activation; False where there is none to be seen."""
    with suppress(NotSupported):
        return output_activation(recipe).activation != activation
    return False


def _is_squeezed_twice(recipe: Recipe, activation: str) -> bool:
    """True where a loss of logits is given what the activation has made probabilities of already."""
    return (activation in ("sigmoid", "softmax") and bool(recipe.loss_config[1].get("from_logits"))
            and not _output_is_not(recipe, activation))


def unit_scale(goal: Goal) -> bool:
    """True where the targets are of the size that a fresh network puts out."""
    values = goal.task.targets
    return bool(0.1 <= values.std() <= 3 and abs(values.mean()) <= 3)
