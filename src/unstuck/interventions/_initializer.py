"""The initialisers of one layer, in both faces; for the interventions that set one or many."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from unstuck.base.errors import NotSupported
from unstuck.network.layers import Layer
from unstuck.network.recipe import Recipe
from unstuck.script import Script

from . import _network as network
from . import _source as source

_CONSTANTS = ("Constant", "Ones", "constant", "ones", "one")


def initializer_of(layer: Layer) -> str:
    """The snake-case name of the kernel's initialiser; "custom" for a function."""
    given = layer.config.get("kernel_initializer")
    name = given.get("class_name") if isinstance(given, Mapping) else given
    if not isinstance(name, str):
        return "custom"
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")


def with_initializer(recipe: Recipe, name: str, value: str) -> Recipe:
    """The recipe with another kernel initialiser for one layer, and zeros for a constant bias.

    Raises:
        NotSupported: the layer has no kernel.
    """
    layer = network.layer_of(recipe, name)
    if "kernel_initializer" not in layer.config:
        raise NotSupported(f"{layer.kind} {name!r} has no kernel initialiser.")
    changes: dict[str, Any] = {"kernel_initializer": value}
    if _is_constant(layer.config.get("bias_initializer")):
        changes["bias_initializer"] = "zeros"
    return recipe.with_layer(name, **changes)


def initializer_edits(
    script: Script, before: Recipe, after: Recipe, name: str
) -> source.Edits | None:
    """What writes the initialisers that `after` has."""
    old, new = network.layer_of(before, name), network.layer_of(after, name)
    edits: source.Edits = ()
    for argument in ("kernel_initializer", "bias_initializer"):
        value = new.config.get(argument)
        if value == old.config.get(argument):
            continue
        found = source.set_layer_word(script, before, old, argument, str(value))
        if found is None:
            return None
        edits += found
    return edits


def _is_constant(initializer: Any) -> bool:
    name = initializer.get("class_name") if isinstance(initializer, Mapping) else initializer
    return name in _CONSTANTS
