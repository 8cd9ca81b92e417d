"""`tf.random`: draws that move with the training inside of layers, and with nobody outside.

`capture.randomness` says why layers need generators of their own.
"""

from __future__ import annotations

import random as python_random
from typing import Any

import jax
import keras
import numpy as np
from keras import ops

from unstuck.capture.randomness import drawn

from .dtypes import named
from .signatures import Functions, numbers
from .tensors import lengths_of, tensor_of

_normal, _uniform = drawn(keras.random.normal), drawn(keras.random.uniform)
_truncated, _gamma = drawn(keras.random.truncated_normal), drawn(keras.random.gamma)
_integers = drawn(keras.random.randint)


def set_seed(seed: int) -> None:
    """`tf.random.set_seed`: TensorFlow's own draws, which are Keras's here; not numpy's."""
    python, numpy = python_random.getstate(), np.random.get_state()
    keras.utils.set_random_seed(int(seed))
    python_random.setstate(python)
    np.random.set_state(numpy)


def fresh_seed() -> int:
    """A seed that nobody gave; drawing it moves nobody's random state."""
    state = python_random.getstate()
    try:
        return python_random.randrange(2**31)
    finally:
        python_random.setstate(state)


def normal(shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = "float32", seed: Any = None,
           name: str | None = None) -> Any:
    """TensorFlow's `tf.random.normal`."""
    return ops.cast(_normal(lengths_of(shape), seed=seed) * stddev + mean, named(dtype))


def truncated_normal(shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = "float32",
                     seed: Any = None, name: str | None = None) -> Any:
    """TensorFlow's `tf.random.truncated_normal`."""
    return ops.cast(_truncated(lengths_of(shape), seed=seed) * stddev + mean, named(dtype))


def uniform(shape: Any, minval: Any = 0, maxval: Any = None, dtype: Any = "float32", seed: Any = None,
            name: str | None = None) -> Any:
    """TensorFlow's `tf.random.uniform`, of whole numbers where the kind is one."""
    kind, lengths = named(dtype) or "float32", lengths_of(shape)
    if "int" in kind:
        return ops.cast(_integers(lengths, minval=minval, maxval=maxval, seed=seed), kind)
    most = 1.0 if maxval is None else maxval
    return ops.cast(_uniform(lengths, seed=seed) * (most - minval) + minval, kind)


def gamma(shape: Any, alpha: Any, beta: Any = None, dtype: Any = "float32", seed: Any = None,
          name: str | None = None) -> Any:
    """TensorFlow's `tf.random.gamma`."""
    found = _gamma((*lengths_of(shape), *np.shape(alpha)), alpha=tensor_of(alpha), seed=seed)
    return ops.cast(found if beta is None else found / beta, named(dtype))


def shuffle(value: Any, seed: Any = None, name: str | None = None) -> Any:
    """TensorFlow's `tf.random.shuffle`: rows in another order."""
    value = tensor_of(value)
    order = ops.argsort(_uniform((len(value),), seed=seed))
    return ops.take(value, order, axis=0) if hasattr(value, "at") else value[np.asarray(order)]


def categorical(logits: Any, num_samples: int, dtype: Any = None, seed: Any = None,
                name: str | None = None) -> Any:
    """TensorFlow's `tf.random.categorical`: the largest after noise of Gumbel's."""
    noise = _uniform((logits.shape[0], int(num_samples), logits.shape[1]), minval=1e-20, maxval=1.0,
                     seed=seed)
    found = ops.argmax(ops.expand_dims(logits, 1) - ops.log(-ops.log(noise)), axis=-1)
    return ops.cast(found, named(dtype) or "int32")


def poisson(shape: Any, lam: Any, dtype: Any = "float32", seed: Any = None,
            name: str | None = None) -> Any:
    """TensorFlow's `tf.random.poisson`."""
    key = ops.cast(_integers((2,), minval=0, maxval=2**31 - 1, seed=seed), "uint32")
    return ops.cast(jax.random.poisson(jax.random.wrap_key_data(key, impl="threefry2x32"), numbers(lam),
                                       (*lengths_of(shape), *np.shape(lam))), named(dtype))


class Generator:
    """TensorFlow's `tf.random.Generator`, as far as it draws."""

    @classmethod
    def from_seed(cls, seed: int, alg: Any = None) -> Generator:
        """One that begins with a seed."""
        return cls(seed)

    @classmethod
    def from_non_deterministic_state(cls, alg: Any = None) -> Generator:
        """One that begins anywhere."""
        return cls(None)

    def __init__(self, seed: int | None) -> None:
        self._seed = keras.random.SeedGenerator(seed)

    def normal(self, shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = "float32",
               name: str | None = None) -> Any:
        """Of the bell curve."""
        return normal(shape, mean, stddev, dtype, self._seed)

    def uniform(self, shape: Any, minval: Any = 0, maxval: Any = None, dtype: Any = "float32",
                name: str | None = None) -> Any:
        """Between two bounds."""
        return uniform(shape, minval, maxval, dtype, self._seed)

    def truncated_normal(self, shape: Any, mean: Any = 0.0, stddev: Any = 1.0,
                         dtype: Any = "float32", name: str | None = None) -> Any:
        """Of the bell curve within two deviations."""
        return truncated_normal(shape, mean, stddev, dtype, self._seed)


def _number_of(seed: Any) -> int:
    first, second = (int(part) for part in np.asarray(seed).ravel()[:2])
    return (first * 1_000_003 + second) % (2**31 - 1)


def _stateless(draw: Any) -> Any:
    def called(shape: Any, seed: Any, *args: Any, **kwargs: Any) -> Any:
        return draw(shape, *args, seed=_number_of(seed), **kwargs)

    return called


def functions() -> Functions:
    """Everything of `tf.random`."""
    return {
        "set_seed": set_seed, "normal": normal, "uniform": uniform, "shuffle": shuffle,
        "truncated_normal": truncated_normal, "gamma": gamma, "categorical": categorical,
        "poisson": poisson, "Generator": Generator,
        "stateless_normal": _stateless(normal), "stateless_uniform": _stateless(uniform),
        "stateless_truncated_normal": _stateless(truncated_normal),
    }
