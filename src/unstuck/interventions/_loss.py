"""The loss, in both faces; for the interventions that set it."""

from __future__ import annotations

from dataclasses import replace

import keras

from unstuck.errors import NotSupported
from unstuck.interventions import _source as source
from unstuck.recipe import Recipe
from unstuck.script import Script


def with_loss(recipe: Recipe, name: str, *, from_logits: bool) -> Recipe:
    """The recipe with a loss of Keras's for its only output.

    Raises:
        NotSupported: there are several outputs, or Keras has no such loss.
    """
    if recipe.several_outputs:
        raise NotSupported("The network has several outputs; its losses are not changed.")
    try:
        keras.losses.get(name)
    except ValueError as error:
        raise NotSupported(f"Keras has no loss called {name!r}.") from error
    if not from_logits:
        return replace(recipe, loss=name)
    return replace(recipe, loss=getattr(keras.losses, _class_name(name))(from_logits=True))


def loss_edits(script: Script, before: Recipe, after: Recipe) -> source.Edits | None:
    """What writes the loss of `after` into `compile`."""
    call = source.method_call(script, before, "compile")
    if call is None:
        return None
    if isinstance(after.loss, str):
        word = source.quoted(script, after.loss, call.argument("loss", 1))
        return call.set_argument("loss", word, position=1)
    name, imports = source.keras_name(script, call, f"losses.{type(after.loss).__name__}")
    code = source.make(name, from_logits="True")
    edits = call.set_argument("loss", code, position=1)
    return None if edits is None else (*imports, *edits)


def _class_name(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))
