"""Everything random about a replica, as a pure function of its seed.

Initial weights are drawn here, in numpy, by the rules of Keras's initialisers, so that every engine
starts a replica from the same numbers and a treatment shares every tensor whose shape it kept with
its control. Each draw is keyed by (seed, path of the variable as `Built.drawn_as` has it): adding or
removing another layer does not move it, nor does what else the process has built. The batch order
of an epoch is a Fisher-Yates shuffle whose random numbers are a counter-based hash of (seed, epoch,
position), so that any engine can reproduce it.
"""

from __future__ import annotations

import copy
import zlib
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from unstuck.network import adapter
from unstuck.network.recipe import Recipe

AT_ONCE = 1 << 21
"""Numbers drawn in one go: 16 MiB of doubles."""


def initial_weights(
    initializer: Callable[..., Any],
    shape: tuple[int, ...],
    seeds: Sequence[int],
    path: str,
    dtype: str = "float32",
) -> NDArray[Any]:
    """Initial values of one variable for many replicas, shaped [replica, *shape].

    An initialiser to which the user gave a seed is keyed by that seed instead of by the path, as in
    Keras: two layers that share one seeded initialiser start equal, in every replica.
    """
    constant = _constant(initializer, shape)
    if constant is not None:
        return np.broadcast_to(constant.astype(dtype), (len(seeds), *shape)).copy()
    key = zlib.crc32(_key(initializer, path).encode())
    sampler = _sampler(initializer)
    if sampler is None:
        return np.stack(_asked(initializer, shape, dtype, seeds, key)).astype(dtype)
    count = int(np.prod(shape))
    drawn = np.empty((len(seeds), *shape), dtype)
    at_once = max(1, AT_ONCE // max(1, count))
    for begin in range(0, len(seeds), at_once):
        some = list(seeds[begin : begin + at_once])
        values = sampler(_uniforms(some, key, count), shape)
        drawn[begin : begin + at_once] = values.reshape(len(some), *shape)
    return drawn


def mask_seeds(seeds: Sequence[int], path: str) -> NDArray[np.uint32]:
    """First states of one seed generator (dropout, noise) in Keras's form, shaped [replica, 2]."""
    key = zlib.crc32(path.encode())
    drawn = _mix(np.asarray([(seed ^ (key << 32)) % 2**64 for seed in seeds], np.uint64))
    return np.stack([(drawn >> np.uint64(32)), np.zeros_like(drawn)], axis=1).astype(np.uint32)


def epoch_orders(
    recipe: Recipe, seeds: Sequence[int], epochs: Sequence[int]
) -> NDArray[np.int32]:
    """The order of rows that a recipe's epochs take, shaped [replica, epoch, row]."""
    rows, shape = recipe.rows_per_epoch, (len(seeds), len(epochs))
    first = np.asarray(epochs) % recipe.epochs_in_rows * rows
    if recipe.batches == "part" and recipe.shuffle:
        passes = [epoch // recipe.epochs_in_rows for epoch in epochs]
        drawn = orders(seeds, passes, recipe.train.rows, salt=recipe.order_salt)
        return np.stack([drawn[:, i, at : at + rows] for i, at in enumerate(first)], axis=1)
    if recipe.batches in ("part", "stream"):
        one = (first[:, None] + np.arange(rows)).astype(np.int32)
        return np.broadcast_to(one, (*shape, rows)).copy()
    if not recipe.shuffle:
        return np.broadcast_to(np.arange(rows, dtype=np.int32), (*shape, rows)).copy()
    if recipe.batches == "drawn":
        return orders(seeds, epochs, rows, salt=recipe.order_salt)
    # A shorter batch stays the last one.
    full, short = divmod(rows, recipe.batch_size)
    within = np.arange(recipe.batch_size, dtype=np.int32)
    moved = orders(seeds, epochs, full, salt=recipe.order_salt)[..., None] * recipe.batch_size
    last = np.broadcast_to(np.arange(rows - short, rows, dtype=np.int32), (*shape, short))
    return np.concatenate([(moved + within).reshape(*shape, -1), last], axis=2).astype(np.int32)


def orders(
    seeds: Sequence[int], epochs: Sequence[int], rows: int, *, salt: int = 0
) -> NDArray[np.int32]:
    """The order of the training rows in some epochs, shaped [replica, epoch, row].

    Fisher-Yates from the last position down; position i swaps with `hash(seed, salt, epoch, i)`
    scaled to 0…i by multiply-shift, the bias of which is below i / 2**32.
    """
    golden = 0x9E3779B97F4A7C15
    steps = [(golden * (1 + epoch + (salt << 32))) % 2**64 for epoch in epochs]
    positions = np.arange(1, rows + 1, dtype=np.uint64)
    with np.errstate(over="ignore"):
        start = _mix(np.asarray(seeds, np.uint64)[:, None] + np.asarray(steps, np.uint64))
        hashes = _mix(start.reshape(-1, 1) + np.uint64(0xD1B54A32D192ED03) * positions)
    # Positions first, so that each swap reads and writes memory in a row.
    swaps = np.ascontiguousarray((((hashes >> np.uint64(32)) * positions) >> np.uint64(32)).T)
    order = np.repeat(np.arange(rows, dtype=np.int32)[:, None], start.size, axis=1)
    lane = np.arange(start.size)
    for i in range(rows - 1, 0, -1):
        j = swaps[i].astype(np.intp)
        held = order[i].copy()
        order[i] = order[j, lane]
        order[j, lane] = held
    return np.ascontiguousarray(order.T).reshape(*start.shape, rows)


def _mix(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The finaliser of SplitMix64 (Steele, Lea, Flood 2014, doi 10.1145/2660193.2660195)."""
    with np.errstate(over="ignore"):
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def _key(initializer: Callable[..., Any], path: str) -> str:
    try:
        seed = initializer.get_config().get("seed")  # type: ignore[attr-defined]
    except (AttributeError, TypeError, NotImplementedError):
        seed = None
    return path if seed is None else f"seed {seed}"


def _constant(initializer: Callable[..., Any], shape: tuple[int, ...]) -> NDArray[Any] | None:
    kinds = keras.initializers
    if isinstance(initializer, kinds.Zeros):
        return np.zeros(shape)
    if isinstance(initializer, kinds.Ones):
        return np.ones(shape)
    if isinstance(initializer, kinds.Constant):
        return np.broadcast_to(np.asarray(initializer.value), shape)
    if isinstance(initializer, kinds.Identity):
        return np.asarray(initializer.gain * np.eye(shape[0], shape[1]))
    return None


def _uniforms(seeds: Sequence[int], key: int, count: int) -> NDArray[np.float64]:
    """Numbers in (0, 1), shaped [replica, number]: a counter-based SplitMix64 for every replica."""
    with np.errstate(over="ignore"):
        start = _mix(_mix(np.asarray(seeds, np.uint64)) + np.uint64(key))
        counter = np.uint64(0x9E3779B97F4A7C15) * np.arange(1, count + 1, dtype=np.uint64)
        bits = _mix(start[:, None] + counter) >> np.uint64(11)
    return np.asarray((bits + 0.5) * 2.0**-53, np.float64)


Sampler = Callable[[NDArray[np.float64], tuple[int, ...]], NDArray[Any]]


def _sampler(initializer: Callable[..., Any]) -> Sampler | None:
    """From uniform numbers [replica, number] and a shape to values [replica, *shape]."""
    kinds = keras.initializers
    if not type(initializer).__module__.startswith("keras."):
        return None
    if isinstance(initializer, kinds.VarianceScaling):
        scaling = initializer
        return lambda u, shape: _variance_scaling(u, shape, scaling)
    if isinstance(initializer, kinds.RandomNormal):
        mean, std = initializer.mean, initializer.stddev
        return lambda u, _: mean + std * ndtri(u)
    if isinstance(initializer, kinds.TruncatedNormal):
        mean, std = initializer.mean, initializer.stddev
        return lambda u, _: mean + std * _truncated_normal(u)
    if isinstance(initializer, kinds.RandomUniform):
        low, high = initializer.minval, initializer.maxval
        return lambda u, _: low + (high - low) * u
    if isinstance(initializer, kinds.Orthogonal):
        gain = initializer.gain
        return lambda u, shape: gain * _orthogonal(u, shape)
    return None


def _truncated_normal(u: NDArray[np.float64]) -> NDArray[Any]:
    """Standard normal cut at two deviations, as Keras's truncated_normal, by inversion."""
    low, high = ndtr(-2.0), ndtr(2.0)
    return np.asarray(ndtri(low + (high - low) * u))


def _variance_scaling(
    u: NDArray[np.float64], shape: tuple[int, ...], initializer: Any
) -> NDArray[Any]:
    """Glorot, He, LeCun and their kin: keras.initializers.VarianceScaling."""
    fan_in, fan_out = adapter.fans(initializer, shape)
    fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}
    scale = initializer.scale / max(1.0, fan[initializer.mode])
    if initializer.distribution == "uniform":
        return np.asarray(np.sqrt(3.0 * scale) * (2.0 * u - 1.0))
    if initializer.distribution == "untruncated_normal":
        return np.asarray(np.sqrt(scale) * ndtri(u))
    # 0.8796… is the deviation of a standard normal cut at two deviations.
    return np.asarray(np.sqrt(scale) / 0.87962566103423978 * _truncated_normal(u))


def _orthogonal(u: NDArray[np.float64], shape: tuple[int, ...]) -> NDArray[Any]:
    rows, columns = int(np.prod(shape[:-1])), shape[-1]
    tall = (len(u), max(rows, columns), min(rows, columns))
    q, r = np.linalg.qr(ndtri(u).reshape(tall))
    q = q * np.sign(np.diagonal(r, axis1=1, axis2=2))[:, None, :]
    return np.asarray(q.transpose(0, 2, 1) if rows < columns else q)


def _asked(
    initializer: Callable[..., Any], shape: tuple[int, ...], dtype: str, seeds: Sequence[int],
    key: int,
) -> list[NDArray[Any]]:
    """An initialiser that is not Keras's own: called with Keras seeded for each replica."""
    with adapter.random_state_kept():
        drawn = []
        for seed in seeds:
            number = (seed * 2654435761 + key) % 2**32
            keras.utils.set_random_seed(number)
            own = copy.copy(initializer)
            if hasattr(own, "seed"):
                # Keras fixes it when an initialiser is made, given or not.
                own.seed = number
            drawn.append(np.asarray(own(shape, dtype=dtype)))
            # The biases of an LSTM, say, are a function that draws nothing.
            if len(drawn) == 2 and np.array_equal(drawn[0], drawn[1]):
                return drawn[:1] * len(seeds)
    return drawn
