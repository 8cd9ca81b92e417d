"""What a network is made of: the user's model, read only, and what was changed about it.

The model that the user built is never touched. `build` makes a fresh one from the configurations of
its layers, with the changes noted here applied, and tells which initialiser belongs to which
variable. Changes are data: a layer's arguments, a layer left out, a layer put in.
"""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

import keras
import numpy as np
from numpy.typing import NDArray

from unstuck.base.errors import NotSupported

from . import adapter

Tree = Any
Where = Literal["before", "after"]
WRAPPERS = (keras.layers.TimeDistributed, keras.layers.Bidirectional)
"""Layers that hold one other layer, and whose arguments of note are its."""


@dataclass(frozen=True, kw_only=True)
class Layer:
    """One layer as configured: `config` holds its Keras arguments, `inputs` the layers before it.

    A wrapper (`TimeDistributed`, `Bidirectional`) shows the arguments of the layer in it, whose
    kind is `wrapped`.
    """

    name: str
    kind: str
    config: Mapping[str, Any]
    inputs: tuple[str, ...] = ()
    parameters: int = 0
    output_shape: tuple[int | None, ...] = ()
    wrapped: str | None = None

    @property
    def is_recurrent(self) -> bool:
        """True for SimpleRNN, LSTM, GRU and their likes, wrapped or not."""
        return "recurrent_initializer" in self.config

    @property
    def is_own(self) -> bool:
        """True for a layer of the user's own class: none of Keras's layers, models and operations."""
        operation = "".join(f"_{c.lower()}" if c.isupper() else c for c in self.kind).lstrip("_")
        return not (hasattr(keras.layers, self.kind) or hasattr(keras.ops, operation)
                    or self.kind in ("Functional", "Sequential", "Model"))

    @property
    def activation(self) -> str | None:
        """The name of its activation; `None` where it has none, "custom" where it is a function."""
        if self.kind in ("ReLU", "LeakyReLU", "ELU", "PReLU", "Softmax"):
            return {"ReLU": "relu", "LeakyReLU": "leaky_relu"}.get(self.kind, self.kind.lower())
        given = self.config.get("activation")
        if given is None:
            return "linear" if "activation" in self.config else None
        return given if isinstance(given, str) else "custom"


ENTRY = "inputs"
"""The anchor of a layer between what a subclassed model is called with and its `call`."""


@dataclass(frozen=True, kw_only=True)
class Insertion:
    """A layer put in before or after the layer called `anchor`."""

    anchor: str
    where: Where
    kind: str
    config: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The name of the new layer; part of its weights' paths."""
        return f"{self.anchor}_{self.where}_{self.kind.lower()}"


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


@dataclass(frozen=True, kw_only=True, eq=False)
class Architecture:
    """The user's model and the changes to it.

    `kept` are the paths of the trainable weights that a training begins with as they are in
    `source`, since they had been loaded or trained before. `arguments` are those that a subclassed
    model was made with, positional and by name, where they are known; otherwise its configuration
    has to tell.

    Raises (from any method that builds):
        NotSupported: the model cannot be made again from its configuration.
    """

    source: keras.Model
    changed: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    removed: frozenset[str] = frozenset()
    inserted: tuple[Insertion, ...] = ()
    kept: frozenset[str] = frozenset()
    arguments: tuple[tuple[Any, ...], dict[str, Any]] | None = None

    @property
    def is_graph(self) -> bool:
        """True where layers and their connections are known (not subclassed)."""
        return self._graph is not None

    @cached_property
    def _graph(self) -> keras.Model | None:
        if isinstance(self.source, keras.Sequential):
            functional: keras.Model | None = self.source._functional
            return functional
        return self.source if adapter.is_functional(self.source) else None

    @cached_property
    def layers(self) -> tuple[Layer, ...]:
        """Every layer in order of computation, with the changes applied."""
        if self._graph is None:
            entered = [Layer(name=new.name, kind=new.kind, config=new.config)
                       for new in self.inserted]
            return (*entered, *(self._describe(one) for one in adapter.flat_layers(self.source)))
        found = []
        removed_inputs: dict[str, tuple[str, ...]] = {}
        for layer in self._graph.layers:
            described = self._describe(layer, removed_inputs)
            if described.name in self.removed:
                removed_inputs[described.name] = described.inputs
                continue
            before = [i for i in self.inserted if i.anchor == layer.name and i.where == "before"]
            after = [i for i in self.inserted if i.anchor == layer.name and i.where == "after"]
            for new in before:
                found.append(Layer(name=new.name, kind=new.kind, config=new.config,
                                   inputs=described.inputs, output_shape=described.output_shape))
                described = replace(described, inputs=(new.name,))
            found.append(described)
            for new in after:
                found.append(Layer(name=new.name, kind=new.kind, config=new.config,
                                   inputs=(found[-1].name,),
                                   output_shape=described.output_shape))
                removed_inputs[layer.name] = (new.name,)
        return tuple(found)

    def _describe(
        self, layer: Any, moved: Mapping[str, tuple[str, ...]] | None = None
    ) -> Layer:
        config, wraps = layer.get_config(), isinstance(layer, WRAPPERS)
        config = {**(config["layer"]["config"] if wraps else config),
                  **self.changed.get(layer.name, {})}
        inputs: list[str] = []
        for node in getattr(layer, "_inbound_nodes", ()):
            for tensor in node.input_tensors:
                producer = tensor._keras_history.operation.name
                inputs.extend((moved or {}).get(producer, (producer,)))
            break
        shape: tuple[int | None, ...] = ()
        with suppress(AttributeError, ValueError):  # no single output, or not connected
            shape = tuple(layer.output.shape)
        return Layer(
            name=layer.name,
            kind=type(layer).__name__,
            config=config,
            inputs=tuple(inputs),
            parameters=int(sum(np.prod(v.shape) for v in layer.variables)),
            output_shape=shape,
            wrapped=layer.get_config()["layer"]["class_name"] if wraps else None,
        )

    @property
    def input_names(self) -> tuple[str, ...]:
        """The layers through which the inputs enter, in the order of the model's arguments, as
        `keras.tree.flatten` has their arrays; empty for a subclassed model."""
        if self._graph is None:
            return ()
        return tuple(tensor._keras_history.operation.name for tensor in self._graph.inputs)

    @property
    def output_shapes(self) -> tuple[tuple[int | None, ...], ...]:
        """Shapes of the outputs, the batch first; empty where a subclassed model does not tell."""
        if self._graph is None:
            return ()
        return tuple(tuple(t.shape) for t in self._graph.outputs)

    @property
    def output_names(self) -> tuple[str, ...]:
        """What targets and losses call the outputs, in their order; empty for a subclassed model."""
        if self._graph is None:
            return ()
        by_name = self.output_structure
        return tuple(sorted(by_name) if isinstance(by_name, dict) else self._graph.output_names)

    @property
    def output_structure(self) -> Tree:
        """The outputs as the model returns them (one, list, dict); `None` for a subclassed model."""
        return None if self._graph is None else adapter.output_structure(self._graph)

    def with_output(self, index: int) -> Architecture:
        """The same with that output alone, and what is changed about the layers before it."""
        assert self._graph is not None
        graph = keras.Model(
            adapter.input_structure(self._graph), self._graph.outputs[index],
            name=self._graph.name)
        known = {layer.name for layer in graph.layers}
        return replace(
            self, source=graph,
            changed={name: config for name, config in self.changed.items() if name in known},
            removed=self.removed & known,
            inserted=tuple(new for new in self.inserted if new.anchor in known))

    def layer(self, name: str) -> Layer:
        """The layer of that name, as changed. Raises KeyError."""
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise KeyError(name)

    def with_layer(self, name: str, **config: Any) -> Architecture:
        """The same with other arguments for one layer."""
        return replace(self, changed={**self.changed, name: {**self.changed.get(name, {}), **config}})

    def without_layer(self, name: str) -> Architecture:
        """The same with one layer left out; what follows reads what it read."""
        return replace(self, removed=self.removed | {name})

    def with_inserted(self, new: Insertion) -> Architecture:
        """The same with one layer more."""
        return replace(self, inserted=(*self.inserted, new))

    @property
    def initial_values(self) -> dict[str, NDArray[Any]]:
        """The values, by path, of the variables that the user's training would not draw anew."""
        # A Sequential puts its own name before the paths of its variables, its graph does not.
        prefix = f"{self.source.name}/" if isinstance(self.source, keras.Sequential) else ""
        paths = adapter.stable_paths(self.source)
        values = {}
        for variable in self.source.variables:
            path = paths[id(variable)].removeprefix(prefix)
            if not variable.trainable or path in self.kept:
                values[path] = np.asarray(variable.value)
        return values

    @property
    def trainable_sizes(self) -> dict[str, int]:
        """How many numbers each trainable variable of the user's model holds, by path."""
        prefix = f"{self.source.name}/" if isinstance(self.source, keras.Sequential) else ""
        paths = adapter.stable_paths(self.source)
        return {paths[id(v)].removeprefix(prefix): int(np.prod(v.shape))
                for v in self.source.trainable_variables}

    def build(self) -> Built:
        """A fresh model, not compiled, whose variables hold zeros until weights are drawn."""
        for layer in adapter.flat_layers(self.source):
            if getattr(layer, "stateful", False):
                raise NotSupported(
                    f"The layer {layer.name!r} keeps its state from batch to batch (stateful=True),"
                    " so that its rows cannot be judged apart from their order. Leave stateful out."
                )
        with adapter.recorded_initializers() as noted, adapter.own_code_trusted(self.source):
            model = self._build_subclassed() if self._graph is None else self._build_graph()
        adapter.carry_statistics(self.source, model)
        return Built(model=model, initializers=noted, numbers=self._numbers)

    @cached_property
    def _numbers(self) -> dict[str, str]:
        """`dense_7` and `dense_9` as `dense` and `dense_1`: Keras numbers layers by process."""
        names = {name for path in adapter.stable_paths(self.source).values()
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
                          for new in self.inserted}

    def _build_graph(self) -> keras.Model:
        source = self._graph
        assert source is not None
        made: dict[int, Any] = {}  # a layer used twice is made once, so that it stays shared
        shared = _shared_inside(source)

        def call(original: Any, *args: Any, **kwargs: Any) -> Any:
            if not isinstance(original, keras.Layer):
                return original(*args, **kwargs)
            if original.name in self.removed:
                return args[0]
            if id(original) not in made:
                made[id(original)] = (_through_its_graph(original, call)
                                      if id(original) in shared else self._rebuild(original))
            for new in self._inserted_at(original.name, "before"):
                args = (new(args[0]), *args[1:])
            out = made[id(original)](*args, **kwargs)
            for new in self._inserted_at(original.name, "after"):
                out = new(out)
            return out

        def enter(tensor: Any, name: str) -> Any:
            for new in self._inserted_at(name, "after"):
                tensor = new(tensor)
            return tensor

        inputs = [
            keras.Input(shape=t.shape[1:], dtype=t.dtype, name=name)
            for t, name in zip(source.inputs, self.input_names, strict=True)
        ]
        entered = [enter(t, name) for t, name in zip(inputs, self.input_names, strict=True)]
        outputs = adapter.run_through_graph(source, entered, call)
        structured = keras.tree.pack_sequence_as(adapter.input_structure(source), inputs)
        plain = self.source is not source or adapter.is_plain_functional(self.source)
        try:
            model = (keras.Model if plain else type(self.source))(
                structured, outputs, name=self.source.name)
        except Exception as error:
            raise NotSupported(
                f"The model class {type(self.source).__name__} cannot be made again from its inputs"
                f" and outputs: {error}. Give it the constructor of keras.Model, or pass a plain"
                " keras.Model to unstuck.diagnose."
            ) from error
        # Losses and targets go by the names of the layers that the outputs came from.
        model.output_names = list(source.output_names)
        return model

    def _inserted_at(self, anchor: str, where: Where) -> list[Any]:
        return [
            getattr(keras.layers, new.kind)(**new.config, name=new.name)
            for new in self.inserted
            if new.anchor == anchor and new.where == where
        ]

    def _rebuild(self, layer: Any) -> Any:
        if type(layer) is keras.layers.Lambda and layer.name not in self.changed:
            return adapter.same_lambda(layer)
        config = layer.get_config()
        changed = self.changed.get(layer.name, {})
        if isinstance(layer, WRAPPERS):
            for part in {"layer", "backward_layer"} & config.keys():
                config[part]["config"] |= changed
                config[part].pop("build_config", None)  # the shapes of before
        else:
            config |= changed
        try:
            return adapter.remade(layer, config)
        except Exception as error:
            raise NotSupported(
                f"The layer {layer.name!r} ({type(layer).__name__}) cannot be made again from its"
                f" configuration: {error}. Give the class a get_config() that returns the arguments"
                " of its constructor."
            ) from error

    def _build_subclassed(self) -> keras.Model:
        if self.removed or any(new.anchor != ENTRY for new in self.inserted):
            raise NotSupported(
                f"{type(self.source).__name__} is a subclassed model: its layers can be changed,"
                " but not left out or put in, because their connections are Python code."
            )
        try:
            if self.arguments is None:
                model = type(self.source).from_config(self._constructor_arguments())
            else:
                given = keras.tree.map_structure(_fresh, self.arguments)
                model = type(self.source)(*given[0], **given[1])
        except Exception as error:
            raise NotSupported(
                f"The model class {type(self.source).__name__} cannot be made again from its"
                f" configuration: {error}. Give it a get_config() that returns the arguments of its"
                " constructor."
            ) from error
        # Keras numbers layers per process; the paths of weights must not depend on the build.
        model.name = self.source.name
        names = [layer.name for layer in adapter.own_layers(self.source)]
        for name, layer in zip(names, adapter.own_layers(model), strict=True):
            layer.name = name
            for argument, value in self.changed.get(name, {}).items():
                adapter.set_layer_argument(layer, argument, value)
        for new in self._inserted_at(ENTRY, "after"):
            adapter.put_before_call(model, new)
        return model

    def _constructor_arguments(self) -> dict[str, Any]:
        config: dict[str, Any] = self.source.get_config()
        parameters = inspect.signature(type(self.source).__init__).parameters
        if any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values()):
            return config
        # Keras's automatic config adds its own arguments, which most users' classes do not take.
        return {key: value for key, value in config.items() if key in parameters}


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


def _fresh(argument: Any) -> Any:
    """An argument of a model's constructor for another model: layers and models are made anew."""
    if not isinstance(argument, keras.Layer):
        return argument
    if isinstance(argument, keras.Model):
        return Architecture(source=argument).build().model
    return adapter.remade(argument, argument.get_config())
