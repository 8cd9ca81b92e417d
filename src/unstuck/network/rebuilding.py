"""A fresh model made of an architecture: every layer anew from its configuration, as changed.

`rebuilt` never touches the user's model. It draws no weights, but tells which initialiser belongs to
which variable.
"""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from weakref import WeakKeyDictionary

import keras

from unstuck.base.errors import NotSupported

from . import adapter
from .architecture import Architecture
from .layers import ENTRY, WRAPPERS, Where
from .made_with import config_of, from_arguments, made_again
from .own_steps import prepared
from .torch_numbers.initializers import resolved


@dataclass(frozen=True, kw_only=True, eq=False)
class Built:
    """A fresh model without weights, and the initialiser of each variable by its `id`.

    `numbers` are the names in the paths of its variables as they would be, had no other network been
    made before in the process.
    """

    model: keras.Model
    initializers: Mapping[int, Callable[..., Any]]
    numbers: Mapping[str, str]

    def drawn_as(self, path: str) -> str:
        """The key of a variable's draws: its path, whatever else the process has made."""
        return "/".join(self.numbers.get(name, name) for name in path.split("/"))


def rebuilt(architecture: Architecture) -> Built:
    """A fresh model, not compiled, whose variables hold zeros until weights are drawn.

    Raises:
        NotSupported: the model cannot be made again from its configuration.
    """
    source, graph = architecture.source, architecture.graph
    for layer in adapter.flat_layers(source):
        if getattr(layer, "stateful", False):
            raise NotSupported(
                f"The layer {layer.name!r} keeps its state from batch to batch (stateful=True),"
                " so that its rows cannot be judged apart from their order. Leave stateful out."
            )
    with adapter.recorded_initializers() as noted, adapter.own_code_trusted(source):
        model = prepared(_subclassed_anew(architecture) if graph is None
                         else _graph_anew(architecture, graph))
    adapter.carry_statistics(source, model)
    if graph is not None:
        _COUNTED[architecture] = int(model.count_params())
    return Built(model=model, initializers=resolved(model, noted), numbers=_numbers(architecture))


_COUNTED: WeakKeyDictionary[Architecture, int] = WeakKeyDictionary()


def parameters_of(architecture: Architecture) -> int:
    """How many numbers a graph has; one that was made before is not made again. Raises as `rebuilt`."""
    if architecture not in _COUNTED:
        rebuilt(architecture)
    return _COUNTED[architecture]


def _graph_anew(architecture: Architecture, graph: keras.Model) -> keras.Model:
    """The graph of layers called once more from its inputs on, with the changes."""
    source = architecture.source
    made: dict[int, Any] = {}  # a layer used twice is made once, so that it stays shared
    read: dict[str, Any] = {}  # by each layer, for those that are to join it later on
    shared = _shared_inside(graph)

    def call(original: Any, *args: Any, **kwargs: Any) -> Any:
        if not isinstance(original, keras.Layer):
            return original(*args, **kwargs)
        if original.name in architecture.removed:
            return args[0]
        if id(original) not in made:
            made[id(original)] = (_through_its_graph(original, call)
                                  if id(original) in shared else _layer_anew(architecture, original))
        read[original.name] = args[0] if args else None
        for new, _ in _put_in(architecture, original.name, "before"):
            args = (new(args[0]), *args[1:])
        out = made[id(original)](*args, **kwargs)
        for new, joins in _put_in(architecture, original.name, "after"):
            out = new(out if joins is None else [read[joins], out])
        return out

    def enter(tensor: Any, name: str) -> Any:
        for new, _ in _put_in(architecture, name, "after"):
            tensor = new(tensor)
        return tensor

    inputs = [
        keras.Input(shape=_entering(architecture, name, t.shape[1:]), dtype=t.dtype, name=name)
        for t, name in zip(graph.inputs, architecture.input_names, strict=True)
    ]
    entered = [enter(t, name) for t, name in zip(inputs, architecture.input_names, strict=True)]
    outputs = adapter.run_through_graph(graph, entered, call)
    structured = keras.tree.pack_sequence_as(adapter.input_structure(graph), inputs)
    plain = source is not graph or adapter.is_plain_functional(source)
    try:
        model = (keras.Model if plain else type(source))(
            structured, outputs, name=source.name)
    except Exception as error:
        raise NotSupported(
            f"The model class {type(source).__name__} cannot be made again from its inputs"
            f" and outputs: {error}. Give it the constructor of keras.Model, or pass a plain"
            " keras.Model to unstuck.diagnose."
        ) from error
    # Losses and targets go by the names of the layers that the outputs came from.
    model.output_names = list(graph.output_names)
    return model


def _entering(architecture: Architecture, name: str, shape: tuple[int | None, ...]) -> Any:
    """The shape of one row of an input, as changed."""
    changed = architecture.changed.get(name, {}).get("batch_shape")
    return shape if changed is None else changed[1:]


def _put_in(
    architecture: Architecture, anchor: str, where: Where
) -> list[tuple[Any, str | None]]:
    """Fresh layers of those that are put in there, and whose input each of them joins."""
    return [
        (getattr(keras.layers, new.kind)(**new.config, name=new.name), new.joins)
        for new in architecture.inserted
        if new.anchor == anchor and new.where == where
    ]


def _layer_anew(architecture: Architecture, layer: Any) -> Any:
    """One layer made once more, with the changes to its arguments."""
    if type(layer) is keras.layers.Lambda and layer.name not in architecture.changed:
        return adapter.same_lambda(layer)
    changed = architecture.changed.get(layer.name, {})
    if not changed and (made := made_again(layer)) is not None:
        return made
    config = config_of(layer)
    if isinstance(layer, WRAPPERS):
        for part in {"layer", "backward_layer"} & config.keys():
            config[part]["config"] |= changed
            config[part].pop("build_config", None)  # the shapes of before
    else:
        config |= changed
    try:
        return adapter.remade(layer, config)
    except Exception as error:
        # Its get_config leaves something out.
        if not changed and (made := from_arguments(layer)) is not None:
            return made
        raise NotSupported(
            f"The layer {layer.name!r} ({type(layer).__name__}) cannot be made again from its"
            f" configuration: {error}. Give the class a get_config() that returns the arguments"
            " of its constructor."
        ) from error


def _subclassed_anew(architecture: Architecture) -> keras.Model:
    """A model of the user's class made once more, with the changes to its layers."""
    source = architecture.source
    if architecture.removed or any(new.anchor != ENTRY for new in architecture.inserted):
        raise NotSupported(
            f"{type(source).__name__} is a subclassed model: its layers can be changed,"
            " but not left out or put in, because their connections are Python code."
        )
    try:
        inside: set[int] = set()
        if architecture.arguments is None:
            model = type(source).from_config(_constructor_arguments(source))
        else:
            given = keras.tree.map_structure(
                lambda argument: _fresh(argument, architecture.changed), architecture.arguments)
            model = type(source)(*given[0], **given[1])
            inside = {id(layer) for one in keras.tree.flatten(given) if isinstance(one, keras.Model)
                      for layer in adapter.flat_layers(one)}  # which are changed already
    except Exception as error:
        raise NotSupported(
            f"The model class {type(source).__name__} cannot be made again from its"
            f" configuration: {error}. Give it a get_config() that returns the arguments of its"
            " constructor."
        ) from error
    # Keras numbers layers per process; the paths of weights must not depend on the build.
    model.name = source.name
    names = [layer.name for layer in adapter.own_layers(source)]
    if source.built and len(adapter.own_layers(model)) < len(names):  # it makes them in build()
        model.build_from_config(source.get_build_config())
    for name, layer in zip(names, adapter.own_layers(model), strict=True):
        layer.name = name
        if id(layer) in inside:
            continue
        for argument, value in architecture.changed.get(name, {}).items():
            adapter.set_layer_argument(layer, argument, value)
    for new, _ in _put_in(architecture, ENTRY, "after"):
        adapter.put_before_call(model, new)
    return model


def _constructor_arguments(model: keras.Model) -> dict[str, Any]:
    """The part of a subclassed model's configuration that its constructor takes."""
    config: dict[str, Any] = model.get_config()
    parameters = inspect.signature(type(model).__init__).parameters
    if any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values()):
        return config
    # Keras's automatic config adds its own arguments, which most users' classes do not take.
    return {key: value for key, value in config.items() if key in parameters}


def _numbers(architecture: Architecture) -> dict[str, str]:
    """`dense_7` and `dense_9` as `dense` and `dense_1`: Keras numbers layers by process."""
    names = {name for path in adapter.stable_paths(architecture.source).values()
             for name in path.split("/")[:-1]}
    alike: dict[str, list[tuple[int, str]]] = {}
    for name in names:
        stem, _, number = name.rpartition("_")
        if stem and number.isdecimal():
            alike.setdefault(stem, []).append((int(number), name))
        else:
            alike.setdefault(name, []).append((0, name))
    numbers = {name: f"{stem}_{i}" if i else stem
               for stem, found in alike.items() for i, (_, name) in enumerate(sorted(found))}
    return numbers | {new.name: replace(new, anchor=numbers.get(new.anchor, new.anchor)).name
                      for new in architecture.inserted}


def _shared_inside(graph: keras.Model) -> frozenset[int]:
    """The nested models, by `id`, of which a layer is used outside of them too."""
    inner = {id(layer): [id(one) for one in adapter.flat_layers(layer)
                         if not isinstance(one, keras.layers.InputLayer)]
             for layer in graph.layers if adapter.is_plain_functional(layer)}
    times = Counter([*map(id, graph.layers), *(i for ids in inner.values() for i in set(ids))])
    return frozenset(model for model, ids in inner.items() if any(times[i] > 1 for i in ids))


def _through_its_graph(model: keras.Model, call: Callable[..., Any]) -> keras.Model:
    """A nested model made anew of layers that `call` makes, or has made for other places."""
    inputs = [keras.Input(shape=t.shape[1:], dtype=t.dtype, name=t._keras_history.operation.name)
              for t in model.inputs]
    outputs = adapter.run_through_graph(model, inputs, call)
    structured = keras.tree.pack_sequence_as(adapter.input_structure(model), inputs)
    made = keras.Model(structured, outputs, name=model.name)
    if not model.trainable:
        made.trainable = False
    return made


def _fresh(argument: Any, changed: Mapping[str, Mapping[str, Any]]) -> Any:
    """An argument of a model's constructor for another model: layers and models are made anew.

    Args:
        changed: the changes to layers, by name, of which those inside a graph are made here.
    """
    if not isinstance(argument, keras.Layer):
        return argument
    if isinstance(argument, keras.Model):
        return rebuilt(Architecture(source=argument, changed=changed)).model
    return made_again(argument) or adapter.remade(argument, config_of(argument))
