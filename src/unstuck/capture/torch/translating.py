"""A Keras graph of the operations of a network, with torch's numbers.

Each operation of torch's has a function in one of the tables (`of_layers`, `of_shapes`,
`of_activations`) that makes the same of Keras's tensors. An activation right behind a layer that
can hold it becomes that layer's own, as most Keras networks have it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from unstuck.base.errors import NotSupported, UnstuckError
from unstuck.network.torch_numbers.layers import Detach
from unstuck.script import Span

from .draws import Draw
from .ops import Leaf, Op, Ref
from .parts import Parts, Where

Function = Callable[["Translation", Op], Any]
TABLE: dict[str, Function] = {}


def translates(*names: str) -> Callable[[Function], Function]:
    """Puts a function into the table for operations of these names."""
    def put(function: Function) -> Function:
        TABLE.update(dict.fromkeys(names, function))
        return function

    return put


@dataclass(frozen=True, kw_only=True, eq=False)
class Held:
    """A parameter of torch's in a layer: the layer's attribute, and the numbers in Keras's order.

    `tensor` is the parameter; `None` for one that a batch normalisation keeps of its batches.
    """

    layer: Any
    attribute: str
    values: NDArray[Any]
    tensor: Any


class Translation:
    """The network of a graph, being made.

    Args:
        parts: of the graph.
        ops: all of its operations, in their order.
        rows: the arrays of its first batch.
        names: of parameters, by `id`.
        values: of parameters before the training, by `id`.
        draws: what parameters were drawn as, by `id`; `None` for those that are no fresh draw.
        site_of: where a module was made.
        lasting: the parameters, by `id`, that later batches have too.
        frozen: those that had no gradient when it began.
        shadow: take what was drawn at random (masks, layers made anew) as inputs.
    """

    def __init__(
        self, parts: Parts, ops: list[Op], rows: list[NDArray[Any]], names: Mapping[int, str],
        values: Mapping[int, tuple[Any, NDArray[Any]]], draws: Mapping[int, Draw | None], *,
        site_of: Callable[[Any], Span | None], lasting: frozenset[int],
        frozen: frozenset[int], shadow: bool,
    ) -> None:
        self._parts, self.all_ops, self.shadow = parts, ops, shadow
        self._names, self._values, self.draws = names, values, draws
        self._site_of, self._lasting, self._frozen = site_of, lasting, frozen
        self._made: dict[tuple[int, int], Any] = {}
        self._used: set[str] = set()
        self._layers: dict[tuple[int, ...], Any] = {}
        self.held: list[Held] = []
        self.sites: dict[str, Span] = {}
        self.drawn: list[Op] = []
        self.more_inputs: list[Any] = []
        self._read = self._readers()
        self.count = len(rows[0])
        self._entries: dict[Where, Any] = {}
        for i, (where, array) in enumerate(zip(parts.rows, rows, strict=True)):
            name = "rows" if len(rows) == 1 else f"rows_{i + 1}"
            self._entries[where] = keras.Input(
                shape=array.shape[1:], name=name,
                dtype="float32" if array.dtype.kind == "f" else "int32")

    def model(self) -> keras.Model:
        """The network.

        Raises:
            NotSupported: an operation has no counterpart, with its line.
        """
        for op in self._parts.network:
            self._translate(op)
        out = self.value(self._parts.output)
        inputs = [*self._entries.values(), *self.more_inputs]
        if not hasattr(out, "_keras_history"):
            raise NotSupported("the output of its network does not depend on its rows.")
        model = keras.Model(inputs[0] if len(inputs) == 1 else inputs, out, name="network")
        for one in self.held:
            getattr(one.layer, one.attribute).assign(one.values)
        return model

    def _translate(self, op: Op) -> None:
        function = TABLE.get(op.name)
        if function is None:
            if op.values and not op.inputs:
                self._made[id(op), 0] = op.values[0]
                return
            raise self.refused(
                op, f"its network calls {op.name}, for which there is no counterpart here")
        try:
            out = function(self, op)
        except UnstuckError:
            raise
        except Exception as error:  # arguments of a kind that nobody has thought of
            raise self.refused(op, f"its call of {op.name} is of a kind that is not understood"
                                   f" ({type(error).__name__})") from error
        for at, one in enumerate(out if isinstance(out, tuple) else (out,)):
            if op.cut and hasattr(one, "_keras_history") and not self._cut_later(op):
                name = self.called(op, "detached")
                one = Detach(name=name)(one)
                if op.span is not None:
                    self.sites[f"layer:{name}"] = op.span
            self._made[id(op), at] = one

    def _cut_later(self, op: Op) -> bool:
        """True where all that reads an operation is cut as well, as within `no_grad()`."""
        readers = [one for one in self.all_ops if any(ref.op is op for ref in one.operands)]
        return bool(readers) and all(one.cut or self._cut_later(one) for one in readers)

    def refused(self, op: Op, why: str) -> NotSupported:
        """That an operation cannot be taken, with its line."""
        line = "" if op.span is None else f" (line {op.span.line})"
        return NotSupported(f"{why}{line}.")

    def value(self, one: Any) -> Any:
        """What an argument is: a tensor of Keras's, an array, or itself."""
        if isinstance(one, Ref):
            return self._made[id(one.op), one.at]
        if isinstance(one, Leaf):
            return self._leaf(one)
        if isinstance(one, tuple):
            return tuple(map(self.value, one))
        return one

    def _leaf(self, leaf: Leaf) -> Any:
        for where, entry in self._entries.items():
            given = self.all_ops[where[0]].inputs[where[1]]
            if isinstance(given, Leaf) and given.values is leaf.values and leaf.values is not None:
                return entry
        if leaf.parameter:
            raise NotSupported(
                "its network computes with parameters of its own otherwise than by a layer or a matrix"
                f" ({self._names.get(id(leaf.tensor), 'a tensor of its own')}).")
        return leaf.values

    def arg(self, op: Op, at: int, name: str, default: Any = None) -> Any:
        """An argument of an operation, translated."""
        return self.value(self.raw(op, at, name, default))

    def raw(self, op: Op, at: int, name: str, default: Any = None) -> Any:
        """The same as it was given."""
        return op.args[at] if len(op.args) > at else op.kwargs.get(name, default)

    def named(self, name: str) -> str:
        """A name for a layer that no other has."""
        name = "".join(c if c.isalnum() or c == "_" else "_" for c in name)
        found, i = name, 1
        while found in self._used:
            found, i = f"{name}_{i}", i + 1
        self._used.add(found)
        return found

    def called(self, op: Op, what: str = "") -> str:
        """What a layer without weights is called: as its module in the model, or by its line."""
        inner = op.modules[-1] if op.modules else None
        name = ""
        if type(inner).__module__.startswith("torch.") and op.modules:
            name = next((name for name, module in op.modules[0].named_modules() if module is inner), "")
        if name.isdecimal():
            name = f"{op.name}_{name}"
        if what or not name:
            line = "" if op.span is None else f"_line_{op.span.line}"
            name = f"{name or what or op.name}{line}"
        return self.named(name)

    def layer_of(self, parameter: Leaf | None, op: Op) -> str:
        """What a layer is called that a parameter is of: as its module is in the model."""
        if parameter is not None and id(parameter.tensor) in self._names:
            name = self._names[id(parameter.tensor)].rpartition(".")[0]
            if name.isdecimal():  # of a bare Sequential
                return f"{op.name}_{name}"
            if name:
                return name
        return op.name

    def values(self, leaf: Leaf) -> NDArray[Any]:
        """A parameter's numbers before the training."""
        known = self._values.get(id(leaf.tensor))
        return np.array(leaf.tensor.detach().numpy()) if known is None else known[1]

    def is_kept(self, leaf: Leaf) -> bool:
        """True for a parameter that was there before the training: it is not made in a forward pass."""
        return id(leaf.tensor) in self._lasting

    def trains(self, *leaves: Leaf | None) -> bool:
        """True unless all of a layer's parameters were frozen when the training began."""
        return any(leaf is not None and id(leaf.tensor) not in self._frozen for leaf in leaves)

    def hold(self, layer: Any, attribute: str, leaf: Leaf | None, values: NDArray[Any]) -> None:
        """Note a parameter as one of a layer's."""
        self.held.append(Held(layer=layer, attribute=attribute, values=values,
                              tensor=None if leaf is None else leaf.tensor))

    def once(self, leaves: list[Leaf], make: Callable[[], Any]) -> Any:
        """A layer, made once for the same parameters, so that it is shared where it is called again."""
        key = tuple(id(leaf.tensor) for leaf in leaves)
        if key not in self._layers:
            self._layers[key] = make()
        return self._layers[key]

    def noted(self, layer: Any, op: Op) -> Any:
        """Note where a layer is written."""
        if (span := self.site(op)) is not None:
            self.sites.setdefault(f"layer:{layer.name}", span)
        outer = op.modules[-2:-1]
        if op.span is not None and (not outer or not type(outer[0]).__module__.startswith("torch.")):
            self.sites.setdefault(f"call:{layer.name}", op.span)
        return layer

    def site(self, op: Op) -> Span | None:
        """Where an operation is written: its module's constructor, or its call."""
        inner = op.modules[-1] if op.modules else None
        made = self._site_of(inner) if inner is not None and (
            type(inner).__module__.startswith("torch.")) else None
        return made or op.span

    def activated(self, op: Op, x: Any, word: str) -> Any:
        """An activation that Keras knows by a word: the layer's own, or a layer of its own."""
        source = self._source(op)
        if source is not None:
            source.activation = keras.activations.get(word)
            if (span := self.site(op)) is not None:
                self.sites[f"activation:{source.name}"] = span
            return x  # the layer's output is the activation's now
        layer = keras.layers.Activation(word, name=self.called(op))
        if (span := self.site(op)) is not None:
            self.sites[f"layer:{layer.name}"] = span
        return layer(x)

    def _source(self, op: Op) -> Any:
        """The layer that an activation can be an argument of: nobody else reads it."""
        operands = op.operands
        if len(operands) != 1 or self._read.get(id(operands[0].op), 0) != 1:
            return None
        made = self._made.get((id(operands[0].op), 0))
        history = getattr(made, "_keras_history", None)
        layer = None if history is None else history.operation
        if isinstance(layer, _ACTIVATED) and layer.activation is keras.activations.linear and (
                len(layer._inbound_nodes) == 1):
            return layer
        return None

    def _readers(self) -> dict[int, int]:
        """How many operations read each one's output."""
        found: dict[int, int] = {}
        for op in self.all_ops:
            for ref in op.operands:
                found[id(ref.op)] = found.get(id(ref.op), 0) + 1
        return found

    def captured(self, op: Op, shape: tuple[int, ...], *, rows: bool = True) -> Any:
        """An input for what was drawn at random in the user's run."""
        entry = keras.Input(batch_shape=(None if rows else shape[0], *shape[1:]),
                            name=self.named(f"drawn_{len(self.more_inputs)}"))
        self.more_inputs.append(entry)
        self.drawn.append(op)
        return entry


_ACTIVATED = (keras.layers.Dense, keras.layers.Conv1D, keras.layers.Conv2D, keras.layers.Conv3D,
              keras.layers.Conv1DTranspose, keras.layers.Conv2DTranspose)
