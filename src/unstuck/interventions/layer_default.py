"""What an argument of layers was when nobody gave it, in the Keras that a script was written for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from unstuck.base.errors import NotSupported
from unstuck.network.recipe import Recipe
from unstuck.script import Script

from . import Intervention
from . import _source as source
from ._network import layer_of

Value = float | str | bool


@dataclass(frozen=True, kw_only=True)
class LayerDefault(Intervention):
    """`argument` of these `layers` set to `value`, which was its default in other years.

    An activity regulariser is told by its weights ("l1", "l2"), a pair of numbers.
    """

    kind: ClassVar[str] = "other"
    cost: ClassVar[float] = 2

    layers: tuple[str, ...]
    argument: str
    value: Value | tuple[float, float]

    @property
    def label(self) -> str:
        """What is done."""
        value = self.value
        if isinstance(value, tuple):
            value = " ".join(f"{name} {source.tidy(v):g}" for name, v in _weights(value).items())
        return f"{', '.join(self.layers)}: {self.argument} → {value}"

    @property
    def site(self) -> str:
        """The part it changes."""
        return f"layer:{self.layers[0]}"

    @property
    def stage(self) -> int:
        """Among the layers."""
        return 0

    @property
    def conflicts(self) -> frozenset[str]:
        """The slots it sets."""
        return frozenset(f"layer:{name}.{self.argument}" for name in self.layers)

    def apply(self, recipe: Recipe) -> Recipe:
        """The recipe with this value."""
        for name in self.layers:
            if self.argument not in layer_of(recipe, name).config:
                raise NotSupported(f"{name!r} has no argument {self.argument}.")
            recipe = recipe.with_layer(name, **{self.argument: self._config()})
        return recipe

    def _config(self) -> Any:
        if not isinstance(self.value, tuple):
            return self.value
        l1, l2 = map(source.tidy, self.value)
        return {"module": "keras.regularizers", "class_name": "L1L2",
                "config": {"l1": float(l1), "l2": float(l2)}, "registered_name": None}

    def edit(self, script: Script, before: Recipe, after: Recipe) -> source.Edits | None:
        """The argument of each of the layers."""
        edits: source.Edits = ()
        for name in self.layers:
            layer = layer_of(before, name)
            call = source.layer_call(script, before, layer)
            if call is None:
                return None
            code = repr(self.value)
            imports: source.Edits = ()
            if isinstance(self.value, tuple):
                regularizer, imports = source.keras_name(script, call, "regularizers.L1L2")
                weights = {k: source.number(v) for k, v in _weights(self.value).items()}
                code = source.make(regularizer, weights)
            elif isinstance(self.value, str):
                code = source.quoted(script, self.value)
            found = source.set_layer_argument(script, before, layer, self.argument, code)
            if found is None:
                return None
            edits += (*imports, *found)
        return edits


def _weights(pair: tuple[float, float]) -> dict[str, float]:
    return {name: value for name, value in zip(("l1", "l2"), pair, strict=True) if value}
