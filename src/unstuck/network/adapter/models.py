"""A model as it is: its class, its graph, its layers and their weights."""

from __future__ import annotations

import functools
import inspect
import re
import types
from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from .installed import is_keras_class, owner
from .private import BaseOptimizer, Functional, compute_fans

Tree = Any
_UNNAMED = re.compile(r"(?<![^/])variable_\d+$")
_NOT_THE_USERS = frozenset(
    {"builtins", "collections", "functools", "jax", "jaxlib", "keras", "numpy", "types"}
)


def is_model(thing: Any) -> bool:
    """True for a Keras model."""
    return isinstance(thing, keras.Model)


def is_functional(model: keras.Model) -> bool:
    """True for a model made of a graph of layers (`Model(inputs, outputs)`), not subclassed."""
    return isinstance(model, Functional)


def is_plain_functional(model: keras.Model) -> bool:
    """True for `keras.Model(inputs, outputs)` itself, which has no methods of its own."""
    return type(model) is Functional


def is_custom(model: keras.Model) -> bool:
    """True where the model's class, or a parent of it, was written by the user."""
    return not type(model).__module__.startswith("keras.")


def overrides(model: keras.Model, method: str) -> bool:
    """True where the model's class has a method of its own in place of Keras's."""
    return not owner(type(model), method).__module__.startswith("keras.")


def tells_its_arguments(model: keras.Model) -> bool:
    """True where a model's configuration has all that its constructor cannot do without."""
    try:
        config = model.get_config()
    except Exception:  # a method of the user's that asks for more than there is
        return False
    parameters = list(inspect.signature(type(model).__init__).parameters.values())[1:]
    return all(one.name in config for one in parameters if one.default is one.empty
               and one.kind in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY))


def optimizers_of(model: keras.Model) -> list[Any]:
    """The optimizers of a model, that of `compile` first, then those that its class keeps itself."""
    found = [model.optimizer] if model.optimizer is not None else []
    for value in vars(model).values():
        for one in value if isinstance(value, list | tuple) else [value]:
            if isinstance(one, BaseOptimizer) and not any(one is known for known in found):
                found.append(one)
    return found


def acts_in_training(layer: Any) -> bool:
    """True for a layer that does something else in training than in inference: it drops, draws, or
    measures its batch."""
    return isinstance(layer, keras.layers.BatchNormalization) or hasattr(layer, "seed_generator")


def takes_training(model: keras.Model) -> bool:
    """True where the model's call has an argument `training`."""
    return bool(model._call_has_training_arg)


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


def input_structure(model: keras.Model) -> Tree:
    """The symbolic inputs in the structure (one, list, dict) in which the model takes them."""
    return model._inputs_struct


def output_structure(model: keras.Model) -> Tree:
    """The symbolic outputs in the structure (one, list, dict) in which the model returns them."""
    return model._outputs_struct


def gives_rows_like(model: keras.Model, x: Tree) -> bool:
    """True for a functional model whose one output has the shape of its one input's rows."""
    if not hasattr(x, "shape"):
        return False
    known = is_functional(model) or (isinstance(model, keras.Sequential) and model.built)
    shape = model.output_shape if known else None
    return isinstance(shape, tuple) and shape[1:] == tuple(x.shape[1:])


def run_through_graph(model: keras.Model, inputs: Tree, call: Callable[..., Any]) -> Tree:
    """Go through a functional model's nodes again on `inputs`: `call(operation, *args, …)`."""
    # In Keras 3.13 the operation's stand-in has no default yet.
    return model._run_through_graph(inputs, operation_fn=lambda operation: operation, call_fn=call)


def read_by(operation: Any) -> list[Any]:
    """The layers and other operations of a graph whose outputs this one reads, at its first place."""
    return [tensor._keras_history.operation for node in operation._inbound_nodes[:1]
            for tensor in node.input_tensors]


def layer_outputs(model: keras.Model) -> list[tuple[Any, Any]]:
    """Each layer of a functional model with its output, in order of computation.

    Input layers, layers used more than once and those with several outputs are left out; so are
    those without a value for a row, such as what takes the rows for the steps of a sequence.
    """
    count = keras.tree.flatten(model.inputs)[0].shape[0]
    nodes = [node for depth in model._nodes_by_depth.values() for node in depth]
    calls = [(node.operation, node.outputs) for node in nodes]
    counts: dict[int, int] = {}
    for operation, _ in calls:
        counts[id(operation)] = counts.get(id(operation), 0) + 1
    known = {id(operation): outputs[0] for operation, outputs in calls
             if counts[id(operation)] == 1 and len(outputs) == 1
             and tuple(getattr(outputs[0], "shape", ()))[:1] == (count,)}
    return [(layer, known[id(layer)]) for layer in model.layers
            if id(layer) in known and not isinstance(layer, keras.layers.InputLayer)]


def put_outputs(model: keras.Model, outputs: Tree) -> None:
    """Let a functional model end in other tensors of its graph, and stay the same object."""
    model._layers.clear()  # in the order that a model made anew has them
    model._tracker.stored_ids["layers"].clear()
    Functional.__init__(model, inputs=model.input, outputs=outputs, name=model.name)


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


def flat_layers(model: keras.Model) -> list[Any]:
    """Every layer of a model, nested ones too, the model itself left out."""
    return list(model._flatten_layers(include_self=False))


def draws_itself(model: keras.Model) -> bool:
    """True where a layer of the user's own, or the model's own class, holds a seed to draw from."""
    return any(isinstance(value, keras.random.SeedGenerator)
               for layer in (model, *flat_layers(model)) if not is_keras_class(type(layer))
               for value in vars(layer).values())


def own_layers(model: keras.Model) -> list[Any]:
    """Every layer of a model that its constructor made: the same before and after it is built.

    A Sequential that is built has a graph of itself, and inputs that it was not given.
    """
    layers = flat_layers(model)
    graphs = {id(layer._functional) for layer in (model, *layers)
              if isinstance(layer, keras.Sequential)}
    return [layer for layer in layers
            if id(layer) not in graphs and not isinstance(layer, keras.layers.InputLayer)]


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


def fans(initializer: Any, shape: tuple[int, ...]) -> tuple[int, int]:
    """Fan-in and fan-out of a weight as a variance-scaling initialiser counts them."""
    # In Keras 3.13 they have no axes of their own yet.
    axes = {name: getattr(initializer, name) for name in ("input_axes", "output_axes")
            if hasattr(initializer, name)}
    pair: tuple[int, int] = compute_fans(shape, **axes)
    return pair
