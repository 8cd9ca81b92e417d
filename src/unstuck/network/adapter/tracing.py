"""Making a model's variables and tracing its calls, and what stands in Keras's place meanwhile."""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import jax
import jax.export
import keras
import numpy as np

from .installed import is_keras_class
from .models import flat_layers, takes_training
from .private import (
    BaseOptimizer,
    JaxVariable,
    backend_numpy,
    backend_rnn,
    get_stateless_scope,
    in_stateless_scope,
    model_output_spec,
)

Tree = Any
FEW_PRODUCTS = 256
"""Multiplications of one matrix product up to which writing it as a sum is faster (measured)."""
BUILDING = threading.RLock()
"""Held while models are built or Keras is patched: threads that build must not see each other's."""

_RECORDS: list[dict[int, Callable[..., Any]]] = []
"""What is recorded now, under `BUILDING`."""


@contextlib.contextmanager
def recorded_initializers() -> Iterator[dict[int, Callable[..., Any]]]:
    """While open, variables are made of zeros and their initialisers noted by the variable's id.

    Nothing random is drawn, so building a model neither costs initialisation time nor moves Keras's
    random state. Opened within itself, as for a model inside of a model, both are told.
    """
    noted: dict[int, Callable[..., Any]] = {}

    def note(variable: Any, initializer: Callable[..., Any]) -> None:
        for one in _RECORDS:
            one[id(variable)] = initializer
        # `device_put` compiles nothing, where `jnp.zeros` would for every new shape.
        variable._initialize(jax.device_put(np.zeros(variable._shape, variable._dtype)))

    with BUILDING:
        original = JaxVariable._initialize_with_initializer
        JaxVariable._initialize_with_initializer = note
        _RECORDS.append(noted)
        try:
            yield noted
        finally:
            _RECORDS.pop()
            JaxVariable._initialize_with_initializer = original


@contextlib.contextmanager
def noted_updates(note: Callable[..., None]) -> Iterator[None]:
    """While open, optimizers apply nothing; what they are asked to apply, and to what, is noted."""
    with BUILDING:
        original = BaseOptimizer.apply
        BaseOptimizer.apply = note
        try:
            yield
        finally:
            BaseOptimizer.apply = original


@contextlib.contextmanager
def only_applied(optimizer: Any, told: Callable[[], None]) -> Iterator[None]:
    """While open, in this thread, other optimizers apply nothing; `told` is called before this
    one does.
    """
    with BUILDING:
        original, mine_alone = BaseOptimizer.apply, threading.get_ident()

        @functools.wraps(original)
        def apply(self: Any, *args: Any, **kwargs: Any) -> Any:
            if self is optimizer:
                told()
            elif threading.get_ident() == mine_alone:
                return None
            return original(self, *args, **kwargs)

        BaseOptimizer.apply = apply
        try:
            yield
        finally:
            BaseOptimizer.apply = original


@contextlib.contextmanager
def answering(
    stands: Mapping[int, Any], *, training: bool | None = None, seen: list[Any] | None = None
) -> Iterator[None]:
    """While open, models answer in the place of others, wherever this thread calls those.

    Args:
        stands: who answers, by the `id` of the model that is called.
        training: the mode in which they answer; `None`: the one that they are called in.
        seen: what they put out is noted there, call by call; not where a block is run again within
            for a derivative, which is in another scope than the first call.
    """
    with BUILDING:
        original = keras.Layer.__call__
        scopes: list[Any] = []
        mine_alone = threading.get_ident()

        @functools.wraps(original)
        def __call__(layer: Any, *args: Any, **kwargs: Any) -> Any:
            if threading.get_ident() != mine_alone:  # others trace what they have to
                return original(layer, *args, **kwargs)
            mine = stands.get(id(layer), layer)
            asked = any(mine is one for one in stands.values())
            if asked and training is not None and takes_training(mine):
                kwargs["training"] = training
            found = original(mine, *args, **kwargs)
            if asked and seen is not None:
                scopes.append(get_stateless_scope())
                if scopes[-1] is scopes[0]:
                    seen.append(found)
            return found

        keras.Layer.__call__ = __call__
        try:
            yield
        finally:
            keras.Layer.__call__ = original


@contextlib.contextmanager
def products_as_sums() -> Iterator[None]:
    """While open, what is traced has its tiny matrix products as sums of products.

    Mapped over replicas, a product is a call of its own for each replica and step, whereas a sum
    becomes part of the loop around it: four times as fast on the two-bit autoencoder.
    """
    with BUILDING:
        original = backend_numpy.matmul

        def product(a: Any, b: Any) -> Any:
            few = a.ndim == b.ndim == 2 and a.shape[0] * a.shape[1] * b.shape[1] <= FEW_PRODUCTS
            return (a[:, :, None] * b).sum(1) if few else original(a, b)

        backend_numpy.matmul = product
        try:
            yield
        finally:
            backend_numpy.matmul = original


@contextlib.contextmanager
def unfused_recurrence() -> Iterator[None]:
    """While open, recurrent layers are traced as loops, also where a GPU has one fused call for them.

    JAX cannot map cuDNN's recurrent kernels over replicas: they have no batching rule.
    """
    with BUILDING:
        original = backend_rnn.cudnn_ok
        backend_rnn.cudnn_ok = lambda *_, **__: False
        try:
            yield
        finally:
            backend_rnn.cudnn_ok = original


def is_traced() -> bool:
    """True while Keras reads or compiles a computation, so that no variable can really change."""
    return bool(in_stateless_scope())


def array_class() -> type:
    """The class of JAX's arrays that hold numbers."""
    return type(jax.numpy.zeros(()))


def is_tensor(value: Any) -> bool:
    """True for JAX's arrays, those inside of a computation too, and for Keras's symbolic tensors."""
    return isinstance(value, jax.Array | keras.KerasTensor)


def asks_for_numbers(error: BaseException) -> bool:
    """True for an error of JAX's that a computation asked for numbers it does not have yet."""
    return isinstance(error, (
        jax.errors.ConcretizationTypeError, jax.errors.TracerArrayConversionError,
        jax.errors.TracerIntegerConversionError, jax.errors.TracerBoolConversionError,
        jax.errors.NonConcreteBooleanIndexError))


def is_symbolic(value: Any) -> bool:
    """True for a value that stands for numbers which only a compiled computation will have."""
    return isinstance(value, jax.core.Tracer)


def is_symbolic_length(value: Any) -> bool:
    """True for a length that is not known yet, such as that of a batch while Keras reads a network."""
    return bool(jax.export.is_symbolic_dim(value))


def build_for(model: keras.Model, x: Tree, y: Tree, sample_weight: Tree) -> None:
    """Create every variable that `fit` would create on its first batch."""
    model._symbolic_build(data_batch=keras.tree.map_structure(_as_jax_takes, (x, y, sample_weight)))


def build_on(model: keras.Model, x: Tree) -> None:
    """Create the variables that calling the model on `x` would create."""
    tensors = keras.tree.map_structure(
        lambda a: None if a is None else keras.KerasTensor(a.shape, _as_jax_takes(a).dtype.name), x
    )
    model_output_spec(model, tensors, training=False)


def _as_jax_takes(array: Any) -> Any:
    """An array in the type that JAX would cut it to, of which JAX 0.12 warns."""
    if not hasattr(array, "dtype"):
        return array
    return array.astype(jax.dtypes.canonicalize_dtype(array.dtype), copy=False)


def outputs_of(model: keras.Model, x: Tree) -> Tree:
    """What a model says of rows, without dropout and without a change of its state.

    Compiled as a whole: one by one, its operations take several times as long to compile.
    """
    mode = {"training": False} if takes_training(model) else {}

    def call(trainable: Any, non_trainable: Any, rows: Tree) -> Tree:
        return model.stateless_call(trainable, non_trainable, rows, **mode)[0]

    return jax.jit(call)(*_values(model), x)


def adds_losses(model: keras.Model, x: Tree) -> bool:
    """True for a built model that adds losses of its own, penalties included, when called on x."""
    mode = {"training": True} if takes_training(model) else {}
    call = functools.partial(model.stateless_call, return_losses=True, **mode)
    return bool(jax.eval_shape(call, *_values(model), x)[2])


def own_losses(model: keras.Model, trainable: Tree, non_trainable: Tree, x: Tree) -> Any:
    """What layers of the user's own, or the model, add to the loss of those rows; `None`: nothing.

    Penalties and what Keras's own layers add are left out. A scalar, with those values of the weights.
    """
    mode = {"training": True} if takes_training(model) else {}
    own = [layer for layer in (model, *flat_layers(model)) if not is_keras_class(type(layer))]
    if not own:
        return None
    for layer in own:
        layer._loss_ids.clear()
    known = [*zip(model.trainable_variables, trainable, strict=True),
             *zip(model.non_trainable_variables, non_trainable, strict=True)]
    with keras.StatelessScope(known, collect_losses=True) as scope:
        model(x, **mode)
    mine = [loss for loss in scope.losses if any(id(loss) in layer._loss_ids for layer in own)]
    return sum(map(keras.ops.sum, mine)) if mine else None


def adds_itself(model: keras.Model, x: Tree) -> bool:
    """True for a built model in which layers of the user's own add to the loss of x (`own_losses`)."""
    call = functools.partial(own_losses, model)
    return jax.eval_shape(call, *_values(model), x) is not None


def _values(model: keras.Model) -> list[list[Any]]:
    """The values of its trainable variables and of the others, as `stateless_call` takes them."""
    return [[variable.value for variable in kind]
            for kind in (model.trainable_variables, model.non_trainable_variables)]
