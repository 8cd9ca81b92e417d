"""What the layers of a translated network are called, and where they are written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from unstuck.script import Span

from .ops import Leaf, Op

_ARITHMETIC = frozenset({
    "add", "subtract", "multiply", "divide", "power", "maximum", "minimum", "mod", "dot", "matmul",
    "outer", "negative", "exp", "log", "sqrt", "abs", "square", "sin", "cos", "sign", "mean", "sum",
    "max", "min", "prod", "logsumexp", "all", "any", "where", "clip", "reshape", "transpose", "squeeze",
    "cast", "stack", "concatenate", "full", "round", "norm", "std", "var"})
"""What Keras calls operations without a name of their own."""


class Naming:
    """Names that no two layers have, and their places in the source.

    Args:
        names: of parameters, by `id`.
        site_of: where a module was made.
    """

    def __init__(self, names: Mapping[int, str], site_of: Callable[[Any], Span | None]) -> None:
        self._names, self._site_of = names, site_of
        self._used: set[str] = set()
        self.sites: dict[str, Span] = {}

    def named(self, name: str) -> str:
        """A name for a layer that no other has."""
        name = "".join(c if c.isalnum() or c == "_" else "_" for c in name)
        name = f"{name}_layer" if name in _ARITHMETIC else name
        found, i = name, 1
        while found in self._used:
            found, i = f"{name}_{i}", i + 1
        self._used.add(found)
        return found

    def called(self, op: Op, what: str = "") -> str:
        """What a layer without weights is called: as its module in the model, or by its line."""
        inner = op.modules[-1] if op.modules else None
        name = ""
        if type(inner).__module__.startswith("torch.") and op.modules:
            name = next((name for name, module in op.modules[0].named_modules() if module is inner), "")
        if name.isdecimal():
            name = f"{op.name}_{name}"
        if what or not name:
            line = "" if op.span is None else f"_line_{op.span.line}"
            name = f"{name or what or op.name}{line}"
        return self.named(name)

    def layer_of(self, parameter: Leaf | None, op: Op) -> str:
        """What a layer is called that a parameter is of: as its module is in the model."""
        if parameter is not None and id(parameter.tensor) in self._names:
            name = self._names[id(parameter.tensor)].rpartition(".")[0]
            if name.isdecimal():  # of a bare Sequential
                return f"{op.name}_{name}"
            if name:
                return name
        return op.name

    def noted(self, layer: Any, op: Op) -> Any:
        """Note where a layer is written."""
        if (span := self.site(op)) is not None:
            self.sites.setdefault(f"layer:{layer.name}", span)
        outer = op.modules[-2:-1]
        if op.span is not None and (not outer or not type(outer[0]).__module__.startswith("torch.")):
            self.sites.setdefault(f"call:{layer.name}", op.span)
        return layer

    def site(self, op: Op) -> Span | None:
        """Where an operation is written: its module's constructor, or its call."""
        inner = op.modules[-1] if op.modules else None
        made = self._site_of(inner) if inner is not None and (
            type(inner).__module__.startswith("torch.")) else None
        return made or op.span
