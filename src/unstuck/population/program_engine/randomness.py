"""JAX's random numbers, to the bit. A key is its two words, along a last axis."""

from __future__ import annotations

import jax

from unstuck.base.errors import NotSupported

from .graph import Equation
from .lowering import Lowering, lowers
from .pointwise import spread
from .views import View, product

MOST_KEYS = 64
"""Keys of one equation: each is an instruction."""


def _require_counters() -> None:
    if not jax.config.values["jax_threefry_partitionable"]:
        raise NotSupported("The program engine draws as jax_threefry_partitionable does")


def _keys(low: Lowering, equation: Equation) -> list[View]:
    """Each key by itself."""
    view = low.whole(low.view(equation.inputs[0]))
    if view.size > 2 * MOST_KEYS:
        raise NotSupported(f"The program engine does not take {view.size // 2} random keys at once")
    return [View(view.store, (2,), (1,), 2 * i) for i in range(view.size // 2)]


def _drawn(low: Lowering, equation: Equation, count: int, *, pairs: bool) -> None:
    """`count` numbers, or pairs of them, for each key."""
    _require_counters()
    output = equation.outputs[0]
    keys, length = _keys(low, equation), count * (2 if pairs else 1)
    parts = []
    for key in keys:
        part = low.new((length,))
        low.emit("bits", [key.store, key.offset, part.store, count, int(pairs)], [key.store],
                 [part.store])
        parts.append(part)
    whole = parts[0]
    if len(parts) > 1:
        whole = low.new((len(parts) * length,))
        for i, part in enumerate(parts):
            low.move(part, View(whole.store, (length,), (1,), i * length))
    seen = whole.reshaped(output.shape)
    assert seen is not None
    low.views[output] = seen


@lowers("random_bits")
def _random_bits(low: Lowering, equation: Equation) -> None:
    if equation.params["bit_width"] != 32:
        raise NotSupported("The program engine draws random numbers of 32 bits only")
    _drawn(low, equation, product(equation.params["shape"]), pairs=False)


@lowers("random_split")
def _random_split(low: Lowering, equation: Equation) -> None:
    _drawn(low, equation, product(equation.params["shape"]), pairs=True)


@lowers("random_seed")
def _random_seed(low: Lowering, equation: Equation) -> None:
    seed = low.view(equation.inputs[0])
    result = low.new((*seed.shape, 2))
    low.move(low.scalar(0, "u", seed.shape), _word(result, 0))
    low.move(seed, _word(result, 1))
    low.views[equation.outputs[0]] = result


@lowers("random_fold_in")
def _random_fold_in(low: Lowering, equation: Equation) -> None:
    keys, message = (low.view(value) for value in equation.inputs)
    shape = equation.outputs[0].shape[:-1]
    result = low.new((*shape, 2))
    first, second = (spread(_word(keys, i), shape) for i in (0, 1))
    hashed = _hashed(low, [first, second, low.scalar(0, "u", shape), spread(message, shape)])
    for i, part in enumerate(hashed):
        low.move(part, _word(result, i))
    low.views[equation.outputs[0]] = result


@lowers("threefry2x32")
def _threefry(low: Lowering, equation: Equation) -> None:
    shape = equation.outputs[0].shape
    hashed = _hashed(low, [spread(low.view(value), shape) for value in equation.inputs])
    for output, part in zip(equation.outputs, hashed, strict=True):
        low.views[output] = part


def _word(keys: View, number: int) -> View:
    return View(keys.store, keys.shape[:-1], keys.strides[:-1], keys.offset + number * keys.strides[-1])


def _hashed(low: Lowering, views: list[View]) -> list[View]:
    given = [low.whole(view) for view in views]
    results = [low.new(views[0].shape) for _ in range(2)]
    reads, writes = [view.store for view in given], [view.store for view in results]
    low.emit("hash", [*reads, *writes, results[0].size], reads, writes)
    return results
