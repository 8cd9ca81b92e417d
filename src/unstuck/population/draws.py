"""Everything random about a replica, as a pure function of its seed.

Initial weights are drawn here, in numpy, by the rules of Keras's initialisers, so that every engine
starts a replica from the same numbers and a treatment shares every tensor whose shape it kept with
its control. Each draw is keyed by (seed, path of the variable): adding or removing another layer
does not move it. The batch order of an epoch is a Fisher-Yates shuffle whose random numbers are a
counter-based hash of (seed, epoch, position), so that any engine can reproduce it.
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

from unstuck import adapter

Floats = NDArray[np.float32]


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
        drawn = _asked(initializer, shape, dtype, seeds, key)
    else:
        drawn = [sampler(np.random.Generator(np.random.Philox(key=[seed, key])), shape)
                 for seed in seeds]
    return np.stack(drawn).astype(dtype)


def mask_seeds(seeds: Sequence[int], path: str) -> NDArray[np.uint32]:
    """First states of one seed generator (dropout, noise) in Keras's form, shaped [replica, 2]."""
    key = zlib.crc32(path.encode())
    drawn = _mix(np.asarray([(seed ^ (key << 32)) % 2**64 for seed in seeds], np.uint64))
    return np.stack([(drawn >> np.uint64(32)), np.zeros_like(drawn)], axis=1).astype(np.uint32)


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
    if isinstance(
        initializer,
        keras.initializers.Zeros | keras.initializers.Ones | keras.initializers.Constant
        | keras.initializers.Identity,
    ):
        return np.asarray(initializer(shape))
    return None


def _sampler(
    initializer: Callable[..., Any],
) -> Callable[[np.random.Generator, tuple[int, ...]], NDArray[Any]] | None:
    kinds = keras.initializers
    if not type(initializer).__module__.startswith("keras."):
        return None
    if isinstance(initializer, kinds.VarianceScaling):
        scaling = initializer
        return lambda rng, shape: _variance_scaling(rng, shape, scaling)
    if isinstance(initializer, kinds.RandomNormal):
        mean, std = initializer.mean, initializer.stddev
        return lambda rng, shape: rng.normal(mean, std, shape)
    if isinstance(initializer, kinds.TruncatedNormal):
        mean, std = initializer.mean, initializer.stddev
        return lambda rng, shape: mean + std * _truncated_normal(rng, shape)
    if isinstance(initializer, kinds.RandomUniform):
        low, high = initializer.minval, initializer.maxval
        return lambda rng, shape: rng.uniform(low, high, shape)
    if isinstance(initializer, kinds.Orthogonal):
        gain = initializer.gain
        return lambda rng, shape: gain * _orthogonal(rng, shape)
    return None


def _truncated_normal(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[Any]:
    """Standard normal cut at two deviations, as Keras's truncated_normal, by inversion."""
    low, high = ndtr(-2.0), ndtr(2.0)
    return np.asarray(ndtri(rng.uniform(low, high, shape)))


def _variance_scaling(
    rng: np.random.Generator, shape: tuple[int, ...], initializer: Any
) -> NDArray[Any]:
    """Glorot, He, LeCun and their kin: keras.initializers.VarianceScaling."""
    fan_in, fan_out = adapter.fans(initializer, shape)
    fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}
    scale = initializer.scale / max(1.0, fan[initializer.mode])
    if initializer.distribution == "uniform":
        limit = np.sqrt(3.0 * scale)
        return rng.uniform(-limit, limit, shape)
    if initializer.distribution == "untruncated_normal":
        return rng.normal(0.0, np.sqrt(scale), shape)
    # 0.8796… is the deviation of a standard normal cut at two deviations.
    drawn: NDArray[Any] = np.sqrt(scale) / 0.87962566103423978 * _truncated_normal(rng, shape)
    return drawn


def _orthogonal(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[Any]:
    rows, columns = int(np.prod(shape[:-1])), shape[-1]
    flat = rng.normal(size=(max(rows, columns), min(rows, columns)))
    q, r = np.linalg.qr(flat)
    q = q * np.sign(np.diag(r))
    return (q.T if rows < columns else q).reshape(shape)


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
