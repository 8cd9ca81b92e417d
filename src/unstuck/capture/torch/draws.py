"""What a script's parameters were drawn as: by the last function that wrote into their memory."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from unstuck.script import Span


@dataclass(frozen=True)
class Draw:
    """A distribution: "uniform" (low, high), "normal" (mean, deviation), "constant" (value),
    "orthogonal" (gain), or one that goes by the inputs: "kaiming_uniform", "kaiming_normal" (gain,
    mode)."""

    kind: str
    numbers: tuple[Any, ...] = ()


class Draws:
    """Notes for each piece of memory what was last drawn into it.

    Args:
        here: tells the expression that the user's file is at.
    """

    def __init__(self, here: Callable[[], Span | None]) -> None:
        self._here = here
        self._by_place: dict[int, Draw | None] = {}
        self._spans: dict[int, Span] = {}

    def heard(self, name: str, args: Any, kwargs: Any, out: Any) -> None:
        """A function of torch's has been called."""
        if name in _FACTORIES:
            if isinstance(out, torch.Tensor):
                self._by_place[_place(out)] = _FACTORIES[name](args)
            return
        times = name in ("mul", "div", "rmul", "__rmul__") and len(args) == 2
        if times and isinstance(out, torch.Tensor):
            numbers = [one for one in args if isinstance(one, int | float)]
            tensors = [one for one in args if isinstance(one, torch.Tensor)]
            if numbers and tensors and (known := self.of(tensors[0])) is not None:
                by = 1 / numbers[0] if name == "div" and numbers[0] else numbers[0]
                self._by_place[_place(out)] = _scaled(known, float(by))
            return
        if not name.endswith("_") or name.endswith("__") or name == "requires_grad_":
            return
        target = args[0] if args else kwargs.get("tensor", kwargs.get("input"))
        if isinstance(target, torch.Tensor):
            drawn = _drawn(name, args, kwargs)
            if _is_part(target):  # a row of zeros is `padding_idx`'s; other parts are no draw of it all
                if drawn != Draw("constant", (0.0,)) or target.dim() != 1:
                    self._by_place[_place(target)] = None
                return
            self._by_place[_place(target)] = drawn
            if name in _FUNCTIONS and (span := self._here()) is not None:
                self._spans[_place(target)] = span

    def note(self, tensor: Any, draw: Draw | None) -> None:
        """A tensor's numbers count as drawn so."""
        self._by_place[_place(tensor)] = draw

    def trained(self, parameters: Any) -> None:
        """These have been changed by an optimizer."""
        for one in parameters:
            self._by_place[_place(one)] = None

    def of(self, tensor: Any) -> Draw | None:
        """What a tensor's numbers were drawn as; `None` where they were loaded, trained or computed."""
        return self._by_place.get(_place(tensor))

    def span_of(self, tensor: Any) -> Span | None:
        """Where the user's file draws a tensor's numbers."""
        return self._spans.get(_place(tensor))


_FUNCTIONS = frozenset({"uniform_", "normal_", "zero_", "zeros_", "ones_", "fill_", "constant_",
                        "kaiming_uniform_", "kaiming_normal_", "trunc_normal_", "orthogonal_"})
"""What draws in place; `xavier_uniform_` and its like are seen as what they call."""


def _place(tensor: Any) -> int:
    return int(tensor.untyped_storage().data_ptr())


def _is_part(tensor: Any) -> bool:
    return bool(tensor.numel() * tensor.element_size() < tensor.untyped_storage().nbytes())


def _scaled(known: Draw, by: float) -> Draw | None:
    if known.kind == "uniform":
        low, high = sorted(one * by for one in known.numbers)
        return Draw("uniform", (low, high))
    if known.kind == "normal":
        return Draw("normal", (known.numbers[0] * by, abs(known.numbers[1] * by)))
    return Draw("constant", (known.numbers[0] * by,)) if known.kind == "constant" else None


_FACTORIES: dict[str, Any] = {
    "randn": lambda args: Draw("normal", (0.0, 1.0)), "rand": lambda args: Draw("uniform", (0.0, 1.0)),
    "zeros": lambda args: Draw("constant", (0.0,)), "ones": lambda args: Draw("constant", (1.0,)),
    "randn_like": lambda args: Draw("normal", (0.0, 1.0)),
    "rand_like": lambda args: Draw("uniform", (0.0, 1.0)),
    "zeros_like": lambda args: Draw("constant", (0.0,)),
    "ones_like": lambda args: Draw("constant", (1.0,)),
    "full": lambda args: Draw("constant", (float(args[1]),)) if len(args) > 1 else None,
}


def _drawn(name: str, args: Any, kwargs: Any) -> Draw | None:
    """What a function that writes in place draws; `None` for any other."""
    def number(at: int, key: str, default: Any) -> Any:
        return args[at] if len(args) > at else kwargs.get(key, default)

    if name == "uniform_":
        low = number(1, "a", kwargs.get("from", 0.0))
        return Draw("uniform", (float(low), float(number(2, "b", kwargs.get("to", 1.0)))))
    if name == "normal_":
        return Draw("normal", (float(number(1, "mean", 0.0)), float(number(2, "std", 1.0))))
    if name in ("zero_", "zeros_"):
        return Draw("constant", (0.0,))
    if name == "ones_":
        return Draw("constant", (1.0,))
    if name in ("fill_", "constant_"):
        value = number(1, "val", kwargs.get("value", 0.0))
        return Draw("constant", (float(value),))
    if name in ("kaiming_uniform_", "kaiming_normal_"):
        slope, mode = number(1, "a", 0), number(2, "mode", "fan_in")
        shape = number(3, "nonlinearity", "leaky_relu")
        return Draw(name[:-1], (float(torch.nn.init.calculate_gain(shape, slope)), mode))
    if name == "trunc_normal_":
        return Draw("truncated", (float(number(1, "mean", 0.0)), float(number(2, "std", 1.0))))
    if name == "orthogonal_":
        return Draw("orthogonal", (float(number(1, "gain", 1)),))
    return None


def near(one: float, other: float) -> bool:
    """Equal but for rounding."""
    return math.isclose(one, other, rel_tol=1e-4, abs_tol=1e-9)
