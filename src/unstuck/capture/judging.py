"""What the output of a training without targets is judged by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import jax
import keras

from unstuck.network import adapter
from unstuck.network.own_steps import is_called, state_of, takes_data_alone
from unstuck.network.recipe import Recipe
from unstuck.network.rivals import rivals_of
from unstuck.network.steps import puts_out_rows, train_step_of

BY_LOSS = ("Nothing says what its output should be: it is judged by what it minimises. --goal"
           " \"loss <= NUMBER\" says what is enough.")
"""What is told of a training that is judged by its own loss."""
_TARGETS = frozenset({"target", "label", "y", "y_true"})
"""What people call targets, where several inputs are of the output's shape; without an s at the end."""


@dataclass(frozen=True, kw_only=True)
class Judge:
    """What stands in the place of targets.

    `of` gives it of the inputs; `None` where `fit` has targets. `by_loss`: it stands for nothing.
    """

    of: Callable[[Any], Any] | None = None
    by_loss: bool = False
    notes: tuple[str, ...] = ()


def judge_of(model: keras.Model, fit: Mapping[str, Any]) -> Judge:
    """What of the inputs the output is judged by, where a model is trained without targets.

    For `add_loss` alone: all of them, where the model gives them back, or those of the output's shape
    that stand among them; otherwise what it minimises.

    Where its class has a step of its own, all of them: `judged_recipe` looks at what that does.

    Args:
        fit: "x", arrays, and "y", which may be `None`.
    """
    if fit["y"] is not None or fit["x"] is None:
        return Judge()
    if takes_data_alone(model):
        return Judge(of=lambda x: x)
    if not adds_its_loss(model):
        return Judge()
    if adapter.gives_rows_like(model, fit["x"]):
        return Judge(of=lambda x: x, notes=(
            "The model is trained by add_loss alone: its output is judged by how well it gives its"
            " input back.",))
    alike = [key for key, part in _entries(fit["x"]) if adapter.gives_rows_like(model, part)]
    if len(alike) > 1:
        alike = [key for key in alike if str(key).lower().rstrip("s") in _TARGETS]
    if len(alike) != 1:
        return Judge(of=lambda x: keras.tree.flatten(x)[0], by_loss=True, notes=(BY_LOSS,))
    return Judge(of=lambda x: x[alike[0]], notes=(
        f"The model is trained by add_loss alone: its output is judged by x[{alike[0]!r}], which is of"
        " the same shape.",))


def judged_recipe(model: keras.Model, recipe: Recipe) -> tuple[Recipe, tuple[str, ...]]:
    """A recipe with what its own step is judged by, and notes on it; others are given back.

    A step that gets rows alone is judged by how well they are given back, where something of their
    shape is put out. One that takes derivatives of its outputs by its rows (a physics-informed loss)
    says nothing of what they should be, and is judged by what it minimises, as all others are.

    Args:
        model: built of the recipe.
    """
    if not takes_data_alone(model):
        return recipe, ()
    name = type(model).__name__
    rivals = rivals_of(model, recipe.first_batch)
    if rivals:
        return replace(recipe, by_loss=True, rivals=rivals), ()
    if _derives(model, recipe):
        return replace(recipe, by_loss=True), (
            f"{name}'s train_step takes derivatives of its output by its rows. {BY_LOSS}",)
    if not recipe.rows_alone:
        if is_called(model) and _outputs(model, recipe) is None:
            return replace(recipe, by_loss=True), (
                f"{name}'s train_step calls it on something else than the rows. {BY_LOSS}",)
        return recipe, ()
    if not _gives_back(model, recipe):
        return replace(recipe, by_loss=True), (
            f"{name} trains with a train_step of its own, on rows alone. {BY_LOSS}",)
    return recipe, (
        f"{name} trains with a train_step of its own, on rows alone: it is judged by how well it gives"
        " them back.",)


def _gives_back(model: keras.Model, recipe: Recipe) -> bool:
    """True where something of the shape of its rows is put out."""
    row = keras.tree.map_structure(lambda a: a[:1], recipe.x)
    if not hasattr(row, "shape"):
        return False
    if not is_called(model):
        return puts_out_rows(model, recipe, row)
    return bool(getattr(_outputs(model, recipe), "shape", None) == row.shape)


def _outputs(model: keras.Model, recipe: Recipe) -> Any:
    """What it puts out for a row; `None` where it cannot be called on rows."""
    try:
        return adapter.outputs_of(model, keras.tree.map_structure(lambda a: a[:1], recipe.x))
    except Exception:  # its step hands it something else
        return None


def adds_its_loss(model: keras.Model) -> bool:
    """True where nothing but `add_loss` can say what the loss is."""
    return model.loss is None and not says_its_loss(model)


def says_its_loss(model: keras.Model) -> bool:
    """True where the user's class says what the loss is."""
    return any(adapter.overrides(model, name) for name in ("train_step", "compute_loss", "compile"))


def _derives(model: keras.Model, recipe: Recipe) -> bool:
    """True where a step takes derivatives by arrays, not only by weights; it is traced once."""
    with adapter.JOURNALS.derived() as seen:
        jax.eval_shape(train_step_of(model, recipe), state_of(model), recipe.first_batch)
    return bool(seen)


def _entries(x: Any) -> list[tuple[Any, Any]]:
    """The entries of a dictionary or a list of arrays, with what gets each out of it."""
    if isinstance(x, Mapping):
        return list(x.items())
    return list(enumerate(x)) if isinstance(x, list | tuple) else []
