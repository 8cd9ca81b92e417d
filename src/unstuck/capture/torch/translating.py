"""A Keras graph of the operations of a network, with torch's numbers.

Each operation of torch's has a function in one of the tables (`of_layers`, `of_shapes`,
`of_activations`) that makes the same of Keras's tensors. An activation right behind a layer that
can hold it becomes that layer's own, as most Keras networks have it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from unstuck.base.errors import NotSupported, UnstuckError
from unstuck.network.torch_numbers.layers import AddsToLoss, Detach, Weight
from unstuck.script import Span

from .constants import by_row
from .draws import Draw
from .initial import of_weight
from .naming import Naming
from .ops import Leaf, Op, Ref
from .parts import Parts, Where
from .roles import read_alone
from .terms import Terms

Function = Callable[["Translation", Op], Any]
Turn = Callable[..., NDArray[Any]]
TABLE: dict[str, Function] = {}


def translates(*names: str) -> Callable[[Function], Function]:
    """Puts a function into the table for operations of these names."""
    def put(function: Function) -> Function:
        TABLE.update(dict.fromkeys(names, function))
        return function

    return put


@dataclass(frozen=True, kw_only=True, eq=False)
class Held:
    """Parameters of torch's as one variable of a layer.

    `turn` makes the variable's numbers of the parameters'. `values` are the numbers with which it
    began. What a batch normalisation keeps of its batches is of no parameter.
    """

    layer: Any
    attribute: str
    values: NDArray[Any]
    tensors: Sequence[Any]
    turn: Turn

    def at(self, values: Mapping[int, NDArray[Any]]) -> NDArray[Any] | None:
        """The variable's numbers, where the parameters by `id` have others; `None` for unknown ones."""
        given = [values.get(id(one)) for one in self.tensors]
        return None if not given or any(one is None for one in given) else self.turn(*given)


class Translation(Naming):
    """The network of a graph, being made.

    Args:
        parts: of the graph.
        every: all of its operations, in their order.
        rows: the arrays of its first batch.
        names: of parameters, by `id`.
        values: of parameters before the training, by `id`.
        draws: what parameters were drawn as, by `id`; `None` for those that are no fresh draw.
        site_of: where a module was made.
        lasting: the parameters, by `id`, that later batches have too.
        frozen: those that had no gradient when it began.
        shadow: take what was drawn at random (masks, layers made anew) as inputs.
        by_rows: numbers among arguments that go with the rows of a batch (`terms.by_rows`).
    """

    def __init__(
        self, parts: Parts, every: list[Op], rows: list[NDArray[Any]], names: Mapping[int, str],
        values: Mapping[int, tuple[Any, NDArray[Any]]], draws: Mapping[int, Draw | None], *,
        site_of: Callable[[Any], Span | None], lasting: frozenset[int],
        frozen: frozenset[int], shadow: bool, by_rows: Mapping[tuple[int, int], float],
    ) -> None:
        super().__init__(names, site_of)
        self._parts, self.all_ops, self.shadow = parts, every, shadow
        self._values, self.draws = values, draws
        self._lasting, self._frozen, self._by_rows = lasting, frozen, by_rows
        self._made: dict[tuple[int, int], Any] = {}
        self._layers: dict[tuple[int, ...], Any] = {}
        self.held: list[Held] = []
        self.drawn: list[Op] = []
        self.more_inputs: list[Any] = []
        self._read, self._weights = self._readers(), self._calls()
        self._alone = read_alone(parts.translated)
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
        terms = self._parts.terms
        for op in self._parts.network:
            self._translate(op)
            if terms is not None and op is terms.after:
                self._add(terms)
        out = self.value(self._parts.output)
        cut = next((op for op in self._parts.loss if op.cut), None)
        if cut is not None and self._cut_later(self._parts.output.op):
            out = self._detached(cut, out)
        inputs = [*self._entries.values(), *self.more_inputs]
        if not hasattr(out, "_keras_history"):
            raise NotSupported("the output of its network does not depend on its rows.")
        model = keras.Model(inputs[0] if len(inputs) == 1 else inputs, out, name="network")
        for one in self.held:
            getattr(one.layer, one.attribute).assign(one.values)
        return model

    def _add(self, terms: Terms) -> None:
        """Let the network add terms to its loss, where all that they read of it is known."""
        for op in terms.ops:
            self._translate(op)
        made, self._made = self._made, dict(self._made)
        for ref in terms.rest:
            self._made[id(ref.op), ref.at] = self.like_rows(np.zeros(ref.op.shapes[ref.at], np.float32))
        for op in terms.sums:
            self._translate(op)
        total, self._made = self.value(terms.loss), made
        key = id(terms.carried.op), terms.carried.at
        layer = AddsToLoss(name=self.called(terms.sums[-1], "added"))
        self._made[key] = self.noted(layer, terms.sums[-1])([self._made[key], total])

    def _translate(self, op: Op) -> None:
        if op.fixed:
            self._made |= {(id(op), at): one for at, one in enumerate(op.values)}
            return
        function = TABLE.get(op.name)
        if function is None:
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
                one = self._detached(op, one)
            self._made[id(op), at] = one

    def _detached(self, op: Op, x: Any) -> Any:
        """A tensor behind which an operation has cut the graph."""
        name = self.called(op, "detached")
        if op.span is not None:
            self.sites[f"layer:{name}"] = op.span
        return Detach(name=name)(x)

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
            found = self._made[id(one.op), one.at]
            return self.like_rows(found) if one.op.fixed else found
        if isinstance(one, Leaf):
            return self._leaf(one)
        if isinstance(one, tuple):
            return tuple(map(self.value, one))
        return one

    def fixed(self, one: Any) -> NDArray[Any] | None:
        """The numbers of an argument that hangs on neither rows nor parameters; `None` for others."""
        if isinstance(one, Ref):
            return self._made[id(one.op), one.at] if one.op.fixed else None
        rows = isinstance(one, Leaf) and (one.parameter or self._entry_of(one) is not None)
        return one.values if isinstance(one, Leaf) and not rows else None

    def like_rows(self, array: NDArray[Any]) -> Any:
        """An array, as a tensor with as many rows as there are where it has the batch's, all equal."""
        return by_row(array, self.count, self.entry)

    @property
    def entry(self) -> Any:
        """The first of the rows' inputs."""
        return next(iter(self._entries.values()))

    def _entry_of(self, leaf: Leaf) -> Any:
        for where, entry in self._entries.items():
            given = self.all_ops[where[0]].inputs[where[1]]
            if isinstance(given, Leaf) and given.values is leaf.values and leaf.values is not None:
                return entry
        return None

    def _leaf(self, leaf: Leaf) -> Any:
        entry = self._entry_of(leaf)
        if entry is not None:
            return ops.reshape(entry, (-1, *leaf.shape[1:])) if leaf.shape else entry
        return self._weight(leaf) if leaf.parameter else leaf.values

    def _weight(self, leaf: Leaf) -> Any:
        """A parameter that the network computes with by itself."""
        def make() -> Any:
            values = self.values(leaf)
            layer = Weight(values.shape, initializer=of_weight(self.draws.get(id(leaf.tensor)),
                                                               values.shape),
                           name=self.named(self._names.get(id(leaf.tensor), "weight")),
                           trainable=self.trains(leaf))
            out = layer(self.entry)
            self.hold(layer, "value", [leaf])
            return out

        if not self.is_kept(leaf):
            raise NotSupported("a parameter is made anew in every forward pass. Make it in __init__.")
        return self.once([leaf], make)

    def is_alone(self, *leaves: Leaf | None) -> bool:
        """True where one of these parameters is read otherwise than by one kind of layer."""
        return any(leaf is not None and id(leaf.tensor) in self._alone for leaf in leaves)

    def arg(self, op: Op, at: int, name: str, default: Any = None) -> Any:
        """An argument of an operation, translated."""
        share = self._by_rows.get((id(op), at))
        if share is not None:
            return share * ops.cast(ops.shape(self.entry)[0], "float32")
        return self.value(self.raw(op, at, name, default))

    def raw(self, op: Op, at: int, name: str, default: Any = None) -> Any:
        """The same as it was given."""
        return op.args[at] if len(op.args) > at else op.kwargs.get(name, default)

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

    def hold(self, layer: Any, attribute: str, leaves: Sequence[Leaf], turn: Turn = np.asarray) -> None:
        """Note parameters as one variable of a layer's: `turn` puts them into Keras's order of axes."""
        for leaf in leaves:
            if any(leaf.tensor is tensor for one in self.held for tensor in one.tensors):
                name = self._names.get(id(leaf.tensor), "a tensor of its own")
                raise NotSupported(f"layers of two kinds share a parameter ({name}).")
        self.held.append(Held(layer=layer, attribute=attribute, turn=turn,
                              values=turn(*map(self.values, leaves)),
                              tensors=[leaf.tensor for leaf in leaves]))

    def hold_values(self, layer: Any, attribute: str, values: NDArray[Any]) -> None:
        """Note the numbers of a variable that is no parameter."""
        self.held.append(Held(layer=layer, attribute=attribute, turn=np.asarray, values=values,
                              tensors=()))

    def once(self, leaves: list[Leaf], make: Callable[[], Any]) -> Any:
        """A layer, made once for the same parameters, so that it is shared where it is called again."""
        key = tuple(id(leaf.tensor) for leaf in leaves)
        if key not in self._layers:
            self._layers[key] = make()
        return self._layers[key]

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
        weights = [id(one.tensor) for one in operands[0].op.inputs
                   if isinstance(one, Leaf) and one.parameter]
        if any(self._weights.get(one, 0) > 1 for one in weights):
            return None  # it is called again, perhaps with another activation behind it
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

    def _calls(self) -> dict[int, int]:
        """How many operations are given each parameter, by the `id` of its tensor."""
        found: dict[int, int] = {}
        for op in self.all_ops:
            for one in op.inputs:
                if isinstance(one, Leaf) and one.parameter:
                    found[id(one.tensor)] = found.get(id(one.tensor), 0) + 1
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
