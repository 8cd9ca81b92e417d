"""What a network is made of: the user's model, read only, and what was changed about it.

Changes are data: a layer's arguments, a layer left out, a layer put in. The model that the user built
is never touched; `rebuilding` makes a fresh one, with the changes noted here applied.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from . import adapter
from .layers import WRAPPERS, Insertion, Layer
from .made_with import config_of

Tree = Any


@dataclass(frozen=True, kw_only=True, eq=False)
class Architecture:
    """The user's model and the changes to it.

    `kept` are the paths of the trainable weights that a training begins with as they are in
    `source`, since they had been loaded or trained before. `arguments` are those that a subclassed
    model was made with, positional and by name, where they are known; otherwise its configuration
    has to tell.
    """

    source: keras.Model
    changed: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    removed: frozenset[str] = frozenset()
    inserted: tuple[Insertion, ...] = ()
    kept: frozenset[str] = frozenset()
    arguments: tuple[tuple[Any, ...], dict[str, Any]] | None = None
    _unchanged: dict[int, Layer] = field(default_factory=dict, repr=False)
    """The layers of a graph by `id`, as they are in `source`: read once, for all that is changed."""

    @property
    def is_graph(self) -> bool:
        """True where layers and their connections are known (not subclassed)."""
        return self.graph is not None

    @cached_property
    def graph(self) -> keras.Model | None:
        """The user's model as a graph of layers; `None` for a subclassed one."""
        if isinstance(self.source, keras.Sequential):
            functional: keras.Model | None = self.source._functional
            return functional
        return self.source if adapter.is_functional(self.source) else None

    @cached_property
    def layers(self) -> tuple[Layer, ...]:
        """Every layer in order of computation, with the changes applied."""
        if self.graph is None:
            entered = [Layer(name=new.name, kind=new.kind, config=new.config)
                       for new in self.inserted]
            return (*entered, *(self._describe(one) for one in adapter.flat_layers(self.source)))
        found = []
        removed_inputs: dict[str, tuple[str, ...]] = {}
        for layer in self.graph.layers:
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
                joined = next((one.inputs for one in found if one.name == new.joins), ())
                found.append(Layer(name=new.name, kind=new.kind, config=new.config,
                                   inputs=(*joined, found[-1].name),
                                   output_shape=described.output_shape))
                removed_inputs[layer.name] = (new.name,)
        return tuple(found)

    def _describe(
        self, layer: Any, moved: Mapping[str, tuple[str, ...]] | None = None
    ) -> Layer:
        if self.graph is None:
            described = _as_it_is(layer)
        elif id(layer) in self._unchanged:
            described = self._unchanged[id(layer)]
        else:
            described = self._unchanged[id(layer)] = _as_it_is(layer)
        inputs = tuple(name for producer in described.inputs
                       for name in (moved or {}).get(producer, (producer,)))
        changed = self.changed.get(layer.name)
        return replace(described, inputs=inputs, config=(
            described.config if changed is None else {**described.config, **changed}))

    @property
    def input_names(self) -> tuple[str, ...]:
        """The layers through which the inputs enter, in the order of the model's arguments, as
        `keras.tree.flatten` has their arrays; empty for a subclassed model."""
        if self.graph is None:
            return ()
        return tuple(tensor._keras_history.operation.name for tensor in self.graph.inputs)

    @property
    def output_shapes(self) -> tuple[tuple[int | None, ...], ...]:
        """Shapes of the outputs, the batch first; empty where a subclassed model does not tell."""
        if self.graph is None:
            return ()
        return tuple(tuple(t.shape) for t in self.graph.outputs)

    @property
    def output_names(self) -> tuple[str, ...]:
        """What targets and losses call the outputs, in their order; empty for a subclassed model."""
        if self.graph is None:
            return ()
        by_name = self.output_structure
        return tuple(sorted(by_name) if isinstance(by_name, dict) else self.graph.output_names)

    @property
    def output_structure(self) -> Tree:
        """The outputs as the model returns them (one, list, dict); `None` for a subclassed model."""
        return None if self.graph is None else adapter.output_structure(self.graph)

    def with_output(self, index: int) -> Architecture:
        """The same with that output alone, and what is changed about the layers before it."""
        assert self.graph is not None
        graph = keras.Model(
            adapter.input_structure(self.graph), self.graph.outputs[index],
            name=self.graph.name)
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


def _as_it_is(layer: Any) -> Layer:
    """A layer of a model, before any change."""
    config, wraps = config_of(layer), isinstance(layer, WRAPPERS)
    inputs: list[str] = []
    for node in getattr(layer, "_inbound_nodes", ()):
        inputs = [tensor._keras_history.operation.name for tensor in node.input_tensors]
        break
    shape: tuple[int | None, ...] = ()
    with suppress(AttributeError, ValueError):  # no single output, or not connected
        shape = tuple(layer.output.shape)
    return Layer(
        name=layer.name,
        kind=type(layer).__name__,
        config=config["layer"]["config"] if wraps else config,
        inputs=tuple(inputs),
        parameters=int(sum(np.prod(v.shape) for v in layer.weights)),
        output_shape=shape,
        wrapped=config["layer"]["class_name"] if wraps else None,
    )
