"""TensorFlow as training scripts write it, made of Keras, JAX and numpy.

What the user's own files import as `tensorflow` is this, whether TensorFlow is installed or not, so
that a script has one fate. `math`, `arrays`, `linalg`, `nn`, `draws`, `image` and `control` are its
functions, under TensorFlow's names and with its arguments (`signatures`); `tensors` and `dtypes` what
they compute with; `dataset`, `sources`, `tables` and `folders` are `tf.data`, `files` is `tf.io`;
`words`, `lookups` and `sounds` are for text and sounds before they are numbers; `settings` is what
changes nothing here. TensorFlow itself, where there is one, is asked for data alone (`borrowed`).

What is missing is refused by name (`namespace`).
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import jax.numpy as jnp
from keras import ops

from unstuck.script.spellings import TENSORFLOW_KERAS

from . import (
    arrays,
    borrowed,
    control,
    draws,
    dtypes,
    files,
    image,
    lengths,
    linalg,
    math,
    nn,
    settings,
    sounds,
    sources,
    tables,
    tensors,
    words,
)
from .borrowed import installed, ours, whole
from .dataset import Dataset
from .namespace import Namespace, Root

__all__ = ["Dataset", "Namespace", "facade", "installed", "ours", "whole"]

VERSION = "2.15.0"
"""What `tf.__version__` says: the last TensorFlow whose Keras was Keras 2."""

_BORROWED = ("lookup", "ragged", "sparse", "train", "sets")
"""Parts that are TensorFlow's own, where it is installed: they prepare data."""

_PARTS_OF_KERAS = tuple(name.removeprefix("tensorflow.") for name, today in TENSORFLOW_KERAS.items()
                        if today != "keras")

_ERRORS = ("InvalidArgumentError", "NotFoundError", "OutOfRangeError", "OpError", "UnimplementedError",
           "ResourceExhaustedError", "FailedPreconditionError", "AbortedError", "UnavailableError")


def facade(
    keras_module: Callable[[], ModuleType], note: Callable[[str], None] = lambda _: None, *,
    keras_2: bool = False,
) -> Root:
    """What stands for TensorFlow.

    Args:
        keras_module: gives what stands for its Keras.
        note: told what the user should know of how something is met here.
        keras_2: its Keras is meant to be Keras 2, of the package tf_keras.
    """
    of_math, of_linalg = math.functions(), linalg.functions()
    of_random = draws.functions()
    in_both = {name: function for name, function in of_math.items() if name not in _ONLY_IN_MATH}
    first: dict[str, Any] = {
        "set_random_seed": draws.set_seed, **settings.of_tensorflow_1(), **_tensors(),
        "Variable": tensors.variable_class(note, keras_2),
        **in_both, **words.taking_text(arrays.functions()), **control.functions(),
        **settings.functions(),
        **{name: of_linalg[name] for name in (
            "matmul", "norm", "eye", "tensordot", "einsum")},
        **{f"random_{name}": of_random[name] for name in ("normal", "uniform", "shuffle")},
        "random_crop": image.random_crop, "truncated_normal": of_random["truncated_normal"],
        **settings.namespaces(note),
        "math": Namespace("tensorflow.math", {**of_math, **{
            name: of_linalg[name] for name in ("matmul",)}}),
        "linalg": Namespace("tensorflow.linalg", of_linalg),
        "nn": Namespace("tensorflow.nn", nn.functions()),
        "random": Namespace("tensorflow.random", of_random),
        "image": Namespace("tensorflow.image", image.functions()),
        "dtypes": Namespace("tensorflow.dtypes", {
            **dtypes.BY_NAME, "cast": dtypes.cast, "as_dtype": dtypes.as_dtype,
            "DType": dtypes.DType, "saturate_cast": dtypes.saturate_cast}),
        "data": sources.namespace(borrowed.lookup("data"), tables.READERS),
        "strings": words.namespace(borrowed.lookup("strings")),
        **sounds.namespaces({part: borrowed.lookup(part) for part in ("audio", "signal")}),
        **files.namespaces(borrowed.lookup("io")),
        "errors": Namespace("tensorflow.errors", {
            name: type(name, (Exception,), {}) for name in _ERRORS}),
        "version": Namespace("tensorflow.version", {"VERSION": VERSION}),
        **{part: Namespace(f"tensorflow.{part}", {}, borrowed.lookup(part)) for part in _BORROWED},
        "experimental": Namespace("tensorflow.experimental", {"numpy": Namespace(
            "tensorflow.experimental.numpy", {"experimental_enable_numpy_behavior": lambda **_: None},
            lambda name: getattr(ops, name, None) or getattr(jnp, name, None))}),
        "__version__": VERSION, "newaxis": None, "AUTO_REUSE": None,
    }
    first |= lengths.of_tensorflow(first)
    compat = {"v1": Root(keras_module, first), "v2": Root(keras_module, first, _PARTS_OF_KERAS),
              "as_str": str, "as_bytes": str.encode}
    return Root(keras_module, {**first, "compat": Namespace("tensorflow.compat", compat)},
                _PARTS_OF_KERAS)


_ONLY_IN_MATH = frozenset({
    "count_nonzero", "top_k", "in_top_k", "l2_normalize", "softmax", "softplus", "bincount", "polyval",
    "confusion_matrix", "log", "erfinv", "ndtri", "xlogy", "xdivy", "multiply_no_nan", "mod",
    "reduce_std", "reduce_variance", "is_nan", "is_inf", "is_finite", "xlog1py", "igamma", "igammac",
    "betainc",
    "reduce_euclidean_norm", "cumulative_logsumexp", "zero_fraction", "accumulate_n", "angle",
    "log_sigmoid",
})
"""What `tf` itself has not, today; TensorFlow 1 had some of it, which `_IN_TENSORFLOW_1` gives back."""

_IN_TENSORFLOW_1 = ("log", "is_nan", "is_inf", "is_finite", "mod", "count_nonzero", "confusion_matrix")


def _tensors() -> dict[str, Any]:
    """What `tf` itself has to make tensors, and to ask about them."""
    of_math = math.functions()
    return {
        **dtypes.BY_NAME, "DType": dtypes.DType, "cast": dtypes.cast,
        "saturate_cast": dtypes.saturate_cast, "constant": tensors.constant,
        "convert_to_tensor": tensors.convert_to_tensor,
        "Tensor": tensors.Tensor, "TensorShape": tensors.TensorShape,
        "TensorSpec": tensors.TensorSpec, "shape": tensors.shape, "fill": tensors.fill,
        "zeros": tensors.filled(ops.zeros), "ones": tensors.filled(ops.ones),
        "range": tensors.arange, "one_hot": tensors.one_hot, "Module": tensors.Module,
        **{name: of_math[name] for name in _IN_TENSORFLOW_1},
    }

