"""The private corners of Keras that we stand on, each behind one name.

Public Keras has no way to ask a variable for its initialiser, to rebuild a graph with a layer left
out, or to call the step that `fit` compiles. Everything of that kind is here and nowhere else, so
that a new Keras version breaks one file, and its test says which name.
"""

from __future__ import annotations

import contextlib
import copy
import functools
import importlib
import inspect
import os
import random
import re
import sys
import threading
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from . import backend  # before any private corner of Keras is looked into

# isort: split
import jax
import keras
import numpy as np
from numpy.typing import NDArray

from unstuck import asked_backend

try:
    from keras.src.backend import compute_output_spec as model_output_spec
    from keras.src.backend import numpy as backend_numpy
    from keras.src.backend.common import global_state
    from keras.src.backend.common.stateless_scope import in_stateless_scope
    from keras.src.backend.config import keras_home
    from keras.src.backend.jax.core import Variable as JaxVariable
    from keras.src.initializers.random_initializers import compute_fans
    from keras.src.models.functional import Functional
    from keras.src.optimizers.base_optimizer import BaseOptimizer
    from keras.src.saving import serialization_lib
    from keras.src.trainers import data_adapters
    from keras.src.trainers.data_adapters import array_slicing, data_adapter_utils
    from keras.src.trainers.data_adapters.array_data_adapter import (
        ArrayDataAdapter,
        can_convert_arrays,
    )

    # The package has a function of that name too.
    backend_rnn: Any = importlib.import_module("keras.src.backend.jax.rnn")
except ImportError as error:
    raise backend.unknown_keras(str(error)) from error

Tree = Any
_UNNAMED = re.compile(r"(?<![^/])variable_\d+$")
INITIALISING = JaxVariable, "_initialize_with_initializer"
"""The method through which every variable that has an initialiser gets its first value."""
FEW_PRODUCTS = 256
"""Multiplications of one matrix product up to which writing it as a sum is faster (measured)."""
BUILDING = threading.RLock()
"""Held while models are built or Keras is patched: threads that build must not see each other's."""
_NOT_THE_USERS = frozenset(
    {"builtins", "collections", "functools", "jax", "jaxlib", "keras", "numpy", "types"}
)


def backend_notes() -> tuple[str, ...]:
    """Where the versions are untested; where the environment or the script asks for another backend."""
    script = os.environ.get("KERAS_BACKEND", "jax")
    asked = script if script != "jax" else asked_backend
    who = "script" if script != "jax" else "environment"
    told = backend.version_notes(keras.__version__, jax.__version__)
    if asked != "jax":
        told += (f"The {who} asks for Keras's {asked} backend; unstuck trains with JAX.",)
    return told


def is_model(thing: Any) -> bool:
    """True for a Keras model."""
    return isinstance(thing, keras.Model)


def is_functional(model: keras.Model) -> bool:
    """True for a model made of a graph of layers (`Model(inputs, outputs)`), not subclassed."""
    return isinstance(model, Functional)


@contextlib.contextmanager
def recorded_initializers() -> Iterator[dict[int, Callable[..., Any]]]:
    """While open, variables are made of zeros and their initialisers noted by the variable's id.

    Nothing random is drawn, so building a model neither costs initialisation time nor moves Keras's
    random state.
    """
    noted: dict[int, Callable[..., Any]] = {}

    def note(variable: Any, initializer: Callable[..., Any]) -> None:
        noted[id(variable)] = initializer
        # `device_put` compiles nothing, where `jnp.zeros` would for every new shape.
        variable._initialize(jax.device_put(np.zeros(variable._shape, variable._dtype)))

    with BUILDING:
        original = JaxVariable._initialize_with_initializer
        JaxVariable._initialize_with_initializer = note
        try:
            yield noted
        finally:
            JaxVariable._initialize_with_initializer = original


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


def is_plain_functional(model: keras.Model) -> bool:
    """True for `keras.Model(inputs, outputs)` itself, which has no methods of its own."""
    return type(model) is Functional


def run_through_graph(model: keras.Model, inputs: Tree, call: Callable[..., Any]) -> Tree:
    """Go through a functional model's nodes again on `inputs`: `call(operation, *args, …)`."""
    # In Keras 3.13 the operation's stand-in has no default yet.
    return model._run_through_graph(inputs, operation_fn=lambda operation: operation, call_fn=call)


def same_lambda(layer: keras.layers.Lambda) -> keras.layers.Lambda:
    """A fresh Lambda with the very function of another one.

    A function out of a configuration has lost the names that it uses, `ops` or a constant, say.
    """
    config = keras.Layer.get_config(layer)
    return type(layer)(layer.function, output_shape=layer._output_shape, mask=layer.mask,
                       arguments=layer.arguments, **config)


def flat_layers(model: keras.Model) -> list[Any]:
    """Every layer of a model, nested ones too, the model itself left out."""
    return list(model._flatten_layers(include_self=False))


def own_layers(model: keras.Model) -> list[Any]:
    """Every layer of a model that its constructor made: the same before and after it is built.

    A Sequential that is built has a graph of itself, and inputs that it was not given.
    """
    layers = flat_layers(model)
    graphs = {id(layer._functional) for layer in (model, *layers)
              if isinstance(layer, keras.Sequential)}
    return [layer for layer in layers
            if id(layer) not in graphs and not isinstance(layer, keras.layers.InputLayer)]


def remade(layer: Any, config: dict[str, Any]) -> Any:
    """A layer made anew from its configuration, which may have been changed.

    A `Lambda` keeps its function itself, since its configuration loses what that refers to. A class
    of the user's whose constructor takes no name gets what it takes, and the name afterwards.
    """
    if isinstance(layer, keras.layers.Lambda):
        return type(layer)(layer.function, output_shape=layer._output_shape, mask=layer.mask,
                           arguments=layer.arguments, name=config["name"], dtype=layer.dtype_policy,
                           trainable=layer.trainable)
    parameters = inspect.signature(type(layer).__init__).parameters
    if any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values()):
        return type(layer).from_config(config)
    made = type(layer).from_config({k: v for k, v in config.items() if k in parameters})
    made.name = layer.name
    # A Sequential's configuration knows what is frozen in it; `trainable` would set that too.
    knows = isinstance(layer, keras.Sequential)
    inner, copies = own_layers(made if knows else layer), own_layers(made)
    flags = [one.trainable for one in inner]
    made.trainable = config.get("trainable", layer.trainable)
    if len(flags) == len(copies) and (knows or made.trainable == layer.trainable):
        for copy, flag in zip(copies, flags, strict=True):
            copy.trainable = flag
    return made


def own_trainable(layer: Any) -> list[Any]:
    """The trainable variables of a layer itself, without those of layers inside it."""
    return [v for v in getattr(layer, "_trainable_variables", ()) if v.trainable]


def frozen_weights(model: keras.Model) -> int:
    """How many numbers are not trained only because a layer's `trainable` is off."""
    held = {id(v): int(np.prod(v.shape)) for layer in (model, *flat_layers(model))
            for v in getattr(layer, "_trainable_variables", ()) if not v.trainable}
    return sum(held.values())


def stable_paths(model: keras.Model) -> dict[int, str]:
    """The path of every variable by its `id`: no two alike, and the same in every build.

    Keras numbers seed generators and weights without a name per process; here each has the path of
    its layer.
    """
    paths = {id(variable): _UNNAMED.sub("variable", variable.path) for variable in model.variables}
    for layer in reversed(flat_layers(model)):
        for i, generator in enumerate(getattr(layer, "_seed_generators", ())):
            paths[id(generator.state)] = f"{layer.path or layer.name}/seed_generator_{i}"
    seen: dict[str, int] = {}
    for key, path in paths.items():
        seen[path] = seen.get(path, 0) + 1
        if seen[path] > 1:
            paths[key] = f"{path}#{seen[path]}"
    return paths


def from_architecture(architecture: dict[str, Any]) -> Any:
    """The model of a saved architecture that has been checked; parts with one id are one object."""
    with serialization_lib.ObjectSharingScope():
        return keras.saving.deserialize_keras_object(architecture, safe_mode=True)


def operations() -> frozenset[tuple[str, str]]:
    """Operations that stand in architectures as layers do, by module and class."""
    return frozenset(
        (cls.__module__, cls.__name__)
        for name, module in list(sys.modules.items()) if name.startswith("keras.src.ops.")
        for cls in list(vars(module).values())
        if isinstance(cls, type) and issubclass(cls, keras.Operation)
        and not issubclass(cls, keras.Layer) and cls.__module__.startswith("keras.src.ops."))


def takes_training(model: keras.Model) -> bool:
    """True where the model's call has an argument `training`."""
    return bool(model._call_has_training_arg)


def carry_statistics(source: keras.Model, built: keras.Model) -> None:
    """Give layers that were adapted to data (Normalization) what their originals know.

    Their configuration does not hold it, and what they compute with is a constant that only
    `finalize_state` renews.
    """
    originals = {layer.name: layer for layer in flat_layers(source)}
    for layer in flat_layers(built):
        original = originals.get(layer.name)
        if (isinstance(layer, keras.layers.Normalization) and layer.built and layer.variables
                and isinstance(original, keras.layers.Normalization) and original.variables):
            for ours, theirs in zip(layer.variables, original.variables, strict=True):
                ours.assign(np.array(theirs.value))
            layer.finalize_state()


def layer_outputs(model: keras.Model) -> list[tuple[Any, Any]]:
    """Each layer of a functional model with its output, in order of computation.

    Input layers, layers used more than once and those with several outputs are left out.
    """
    nodes = [node for depth in model._nodes_by_depth.values() for node in depth]
    calls = [(node.operation, node.outputs) for node in nodes]
    counts: dict[int, int] = {}
    for operation, _ in calls:
        counts[id(operation)] = counts.get(id(operation), 0) + 1
    known = {id(operation): outputs[0] for operation, outputs in calls
             if counts[id(operation)] == 1 and len(outputs) == 1}
    return [(layer, known[id(layer)]) for layer in model.layers
            if id(layer) in known and not isinstance(layer, keras.layers.InputLayer)]


def input_structure(model: keras.Model) -> Tree:
    """The symbolic inputs in the structure (one, list, dict) in which the model takes them."""
    return model._inputs_struct


def output_structure(model: keras.Model) -> Tree:
    """The symbolic outputs in the structure (one, list, dict) in which the model returns them."""
    return model._outputs_struct


def fans(initializer: Any, shape: tuple[int, ...]) -> tuple[int, int]:
    """Fan-in and fan-out of a weight as a variance-scaling initialiser counts them."""
    # In Keras 3.13 they have no axes of their own yet.
    axes = {name: getattr(initializer, name) for name in ("input_axes", "output_axes")
            if hasattr(initializer, name)}
    pair: tuple[int, int] = compute_fans(shape, **axes)
    return pair


def decays_selectively(optimizer: Any) -> bool:
    """True where `exclude_from_weight_decay` was called, of which no configuration tells."""
    return any(
        bool(getattr(optimizer, name, None))
        for name in ("_exclude_from_weight_decay", "_exclude_from_weight_decay_pattern")
    )


def set_layer_argument(layer: Any, argument: str, value: Any) -> None:
    """Give a layer, not built yet, another constructor argument as its class would read it."""
    fresh = type(layer).from_config({**layer.get_config(), argument: value})
    if not hasattr(layer, argument):
        raise AttributeError(f"{type(layer).__name__} keeps no argument {argument!r}")
    setattr(layer, argument, getattr(fresh, argument))


def put_before_call(model: keras.Model, layer: Any) -> None:
    """Let a subclassed model's `call` read its first argument through a layer without weights.

    The layer is none of the model's own: a copy of the model has the same ones as before.
    """
    original = model.call
    first = next(iter(inspect.signature(original).parameters))

    @functools.wraps(original)
    def call(*args: Any, **kwargs: Any) -> Any:
        if args:
            return original(layer(args[0]), *args[1:], **kwargs)
        return original(**{**kwargs, first: layer(kwargs[first])})

    model.call = call


def build_for(model: keras.Model, x: Tree, y: Tree, sample_weight: Tree) -> None:
    """Create every variable that `fit` would create on its first batch."""
    model._symbolic_build(data_batch=keras.tree.map_structure(_as_jax_takes, (x, y, sample_weight)))


def _as_jax_takes(array: Any) -> Any:
    """An array in the type that JAX would cut it to, of which JAX 0.12 warns."""
    if not hasattr(array, "dtype"):
        return array
    return array.astype(jax.dtypes.canonicalize_dtype(array.dtype), copy=False)


def gives_rows_like(model: keras.Model, x: Tree) -> bool:
    """True for a functional model whose one output has the shape of its one input's rows."""
    if not hasattr(x, "shape"):
        return False
    known = is_functional(model) or (isinstance(model, keras.Sequential) and model.built)
    shape = model.output_shape if known else None
    return isinstance(shape, tuple) and shape[1:] == tuple(x.shape[1:])


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


def _values(model: keras.Model) -> list[list[Any]]:
    """The values of its trainable variables and of the others, as `stateless_call` takes them."""
    return [[variable.value for variable in kind]
            for kind in (model.trainable_variables, model.non_trainable_variables)]


def put_outputs(model: keras.Model, outputs: Tree) -> None:
    """Let a functional model end in other tensors of its graph, and stay the same object."""
    model._layers.clear()  # in the order that a model made anew has them
    model._tracker.stored_ids["layers"].clear()
    Functional.__init__(model, inputs=model.input, outputs=outputs, name=model.name)


FUNCTIONAL: type = Functional
"""The class of models made of tensors, which its own `add_loss` still belongs to."""


def schedule_of(optimizer: Any) -> Any:
    """The LearningRateSchedule that an optimizer computes its rate with; `None` without one."""
    rate = getattr(getattr(optimizer, "inner_optimizer", optimizer), "_learning_rate", None)
    return rate if isinstance(rate, keras.optimizers.schedules.LearningRateSchedule) else None


def log_names(model: keras.Model) -> tuple[str, ...]:
    """The names of what a training step of a built model logs: "loss", then its metrics."""
    return tuple(model.get_metrics_result())


def monitor_mode(callback: Any, model: keras.Model) -> str:
    """Whether a callback takes lower ("min") or higher ("max") values of its monitor for better.

    Raises ValueError where Keras cannot tell.
    """
    own = copy.copy(callback)
    own.monitor_op, own._model = None, model
    own._set_monitor_op()
    return "min" if own.monitor_op is keras.ops.less else "max"


def compile_config(model: keras.Model) -> dict[str, Any]:
    """The arguments of the last `compile`, as live objects."""
    metrics = model._compile_metrics
    loss = model._compile_loss
    return {
        "optimizer": model.optimizer,
        "loss": model.loss,
        "loss_weights": None if loss is None else loss._user_loss_weights,
        "metrics": None if metrics is None else metrics._user_metrics,
        "weighted_metrics": None if metrics is None else metrics._user_weighted_metrics,
    }


def as_arrays(x: Tree, y: Tree, sample_weight: Tree) -> tuple[Tree, Tree, Tree]:
    """Arrays, lists of arrays or frames as `fit` would turn them into numpy arrays."""
    adapter = ArrayDataAdapter(x, y, sample_weight=sample_weight, batch_size=1)
    arrays = array_slicing.convert_to_sliceable(adapter._inputs, target_backend="numpy")
    plain = keras.tree.map_structure(lambda a: np.asarray(a[:]), arrays)
    unpacked: tuple[Tree, Tree, Tree] = data_adapter_utils.unpack_x_y_sample_weight(plain)
    return unpacked


def class_weights_as_sample_weights(y: NDArray[Any], class_weight: dict[int, float]) -> Tree:
    """One weight a row, as `fit(class_weight=…)` makes them."""
    return data_adapter_utils.class_weight_to_sample_weights(y, class_weight)


@contextlib.contextmanager
def own_code_trusted(model: keras.Model | None = None) -> Iterator[None]:
    """Lets `Lambda` layers of the user's own running program be rebuilt from their config.

    The functions and classes of the user's that `model` is made of are then found by their names.
    """
    known = {} if model is None else own_objects(model)
    with serialization_lib.SafeModeScope(False), keras.saving.custom_object_scope(known):
        yield


def own_objects(model: keras.Model) -> dict[str, Any]:
    """The user's own classes and functions that a model's layers are made of, by name."""
    found: dict[str, Any] = {}
    for part in (model, *flat_layers(model)):
        values = (part, *vars(part).values())
        for value in values:
            thing = value if isinstance(value, types.FunctionType) else type(value)
            if (getattr(thing, "__module__", None) or "keras").split(".")[0] not in _NOT_THE_USERS:
                found[thing.__name__] = thing
    return found


def owner(cls: type, name: str) -> type:
    """The class that defines an attribute of `cls`, where a patch reaches every subclass."""
    return next(base for base in cls.__mro__ if name in vars(base))


def optimizer_base() -> type:
    """The class whose constructor every optimizer calls."""
    base: type = BaseOptimizer
    return base


def is_input_function(code: types.CodeType) -> bool:
    """True for the code of `keras.Input`, which makes a layer on its caller's behalf."""
    return code is inspect.unwrap(keras.Input).__code__


def downloads() -> Path:
    """Where `keras.datasets` keep their files, and look for them first."""
    return Path(keras_home()).expanduser() / "datasets"


def keras_version() -> str:
    """Keras's version."""
    return str(keras.__version__)


def is_keras_class(cls: type) -> bool:
    """True for a class that Keras itself defines."""
    return cls.__module__.startswith("keras.src.")


def arguments_of_running_fit() -> dict[str, Any] | None:
    """The arguments, defaults applied, of the `fit` that is calling its callbacks; `None`: no fit.

    Keras hands callbacks neither the data nor the arguments, so they are read off the stack, where
    `fit` itself has cut the validation rows off by then: its caller's are as the user gave them.
    """
    plain = inspect.unwrap(keras.Model.fit)
    frame = inspect.currentframe()
    while frame is not None and frame.f_code is not plain.__code__:
        frame = frame.f_back
    outer = None if frame is None else frame.f_back
    if outer is None or not {"args", "kwargs"} <= outer.f_locals.keys():
        return None
    bound = inspect.signature(plain).bind(*outer.f_locals["args"], **outer.f_locals["kwargs"])
    bound.apply_defaults()
    return {name: value for name, value in bound.arguments.items() if name != "self"}


def is_traced() -> bool:
    """True while Keras reads or compiles a computation, so that no variable can really change."""
    return bool(in_stateless_scope())


def is_symbolic(value: Any) -> bool:
    """True for a value that stands for numbers which only a compiled computation will have."""
    return isinstance(value, jax.core.Tracer)


def old_preprocessing(part: str) -> dict[str, Any]:
    """What `keras.preprocessing` had for "text", "image" or "sequence", which Keras still keeps."""
    module = importlib.import_module(f"keras.src.legacy.preprocessing.{part}")
    return {name: thing for name, thing in vars(module).items()
            if getattr(thing, "__module__", None) == module.__name__ and not name.startswith("_")}


def overrides(model: keras.Model, method: str) -> bool:
    """True where the model's class has a method of its own in place of Keras's."""
    return not owner(type(model), method).__module__.startswith("keras.")


def is_custom(model: keras.Model) -> bool:
    """True where the model's class, or a parent of it, was written by the user."""
    return not type(model).__module__.startswith("keras.")


def stream_kind(x: Any) -> str | None:
    """What a source of batches is called; `None` for arrays and trees of arrays."""
    if isinstance(x, keras.utils.PyDataset):
        return "a PyDataset"
    if data_adapters.is_tf_dataset(x):
        return "a tf.data.Dataset"
    if data_adapters.is_torch_dataloader(x):
        return "a torch DataLoader"
    if data_adapters.is_grain_dataset(x):
        return "a grain dataset"
    if isinstance(x, types.GeneratorType):
        return "a Python generator"
    return None


def are_arrays(x: Tree) -> bool:
    """True for a tree whose every leaf `fit` can cut into batches."""
    return bool(can_convert_arrays((x,)))


def split_pair(data: Any) -> tuple[Tree, Tree, Tree]:
    """`validation_data` as x, y and sample weights. Raises ValueError for any other form."""
    parts: tuple[Tree, Tree, Tree] = data_adapter_utils.unpack_x_y_sample_weight(data)
    return parts


@contextlib.contextmanager
def fresh_session() -> Iterator[None]:
    """Keras's session state as in a new process: no names given, no seed, default policies.

    Afterwards the state is as it was, the random numbers of Python and numpy included.
    """
    trackers = global_state.GLOBAL_STATE_TRACKER, global_state.GLOBAL_SETTINGS_TRACKER
    settings = keras.config.floatx(), keras.config.epsilon(), keras.config.image_data_format()
    python, numpy = random.getstate(), np.random.get_state()
    global_state.GLOBAL_STATE_TRACKER = threading.local()
    global_state.GLOBAL_SETTINGS_TRACKER = threading.local()
    try:
        yield
    finally:
        global_state.GLOBAL_STATE_TRACKER, global_state.GLOBAL_SETTINGS_TRACKER = trackers
        keras.config.set_floatx(settings[0])
        keras.config.set_epsilon(settings[1])
        keras.config.set_image_data_format(settings[2])
        random.setstate(python)
        np.random.set_state(numpy)


@contextlib.contextmanager
def random_state_kept() -> Iterator[None]:
    """The random states of Python, numpy and Keras, and Keras's name counters, stay as before."""
    tracker = global_state.GLOBAL_STATE_TRACKER
    attributes = dict(vars(tracker))
    contents = {name: copy.copy(v) for name, v in attributes.items() if isinstance(v, dict | list)}
    seeds = attributes.get("global_seed_generator")
    seed = None if seeds is None else np.array(seeds.state.value)
    python, numpy = random.getstate(), np.random.get_state()
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)
        global_state.GLOBAL_STATE_TRACKER = tracker
        vars(tracker).clear()
        vars(tracker).update(attributes)
        for name, content in contents.items():
            attributes[name].clear()
            add = attributes[name].update if isinstance(content, dict) else attributes[name].extend
            add(content)
        if seeds is not None:
            seeds.state.assign(seed)


def build_on(model: keras.Model, x: Tree) -> None:
    """Create the variables that calling the model on `x` would create."""
    tensors = keras.tree.map_structure(
        lambda a: None if a is None else keras.KerasTensor(a.shape, _as_jax_takes(a).dtype.name), x
    )
    model_output_spec(model, tensors, training=False)
