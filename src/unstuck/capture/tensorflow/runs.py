"""A block of a tape as it runs, and as it is run again for a gradient."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np

from unstuck.capture import events
from unstuck.network import adapter
from unstuck.network.drawing import drawing_with, outside, step_seeds

Place = tuple[int, int]
"""The number of a marked value in a run of a block, and of an array within it.

Values on their way to a name have the numbers 0, 1, …; those inside of a model's call -1, -2, …
"""


class _Unbound:
    """Stands for a name that has no value yet."""


UNBOUND = _Unbound()


class left:
    """How a block was left, with what value, and what its names stood for then.

    Args:
        how: "return", "break", "continue", or "" for the end of the block.
        value: what was returned.
        names: the names of the block.
    """

    def __init__(self, how: str, value: Any, names: Mapping[str, Any]) -> None:
        self.how, self.value, self.names = how, value, dict(names)


class _Enough(Exception):
    """Ends a block that is run again once what was asked for is known."""


class Run:
    """One run of a block.

    Args:
        block: the block as a function of `mark` and its names.
        names: what the names stand for when it begins.
        tapes: those whose block it is.
        shifts: what is added to marked arrays, so that a gradient by them can be taken.
        until: end at this call of `gradient`, from 1; 0: run to its end.
    """

    def __init__(
        self, block: Callable[..., left], names: Mapping[str, Any], tapes: Sequence[Any], *,
        shifts: Mapping[Place, Any] | None = None, until: int = 0,
    ) -> None:
        self.block, self.names, self.tapes = block, names, tapes
        self.scope = adapter.current_scope()
        self.before: dict[int, tuple[Any, Any]] = {}
        self.asked, self.until, self.open = 0, until, True
        self._shifts = shifts or {}
        self.shifted = bool(shifts) or until > 0
        self.places: dict[int, Place] = {}
        self.marked: dict[int, list[Any]] = {}
        self._inner = 0

    def go(self) -> left:
        """Run it; its tapes then belong to this run."""
        earlier = [tape.run for tape in self.tapes]
        for tape in self.tapes:
            tape.run = self
        adapter.JOURNALS.add(self)
        try:
            with events.within(self), adapter.through_inner_outputs(self._mark_inner):
                return self.block(self.mark, **self.names)
        finally:
            self.open = False
            if any(run is not None and run.block is self.block for run in earlier):  # run again
                adapter.JOURNALS.discard(self)
                for tape, run in zip(self.tapes, earlier, strict=True):
                    tape.run = run

    def go_in(self, values: Mapping[int, Any]) -> None:
        """Run it where variables hold these values, by `id`; nothing of it is noted or lasts."""
        with (events.unnoticed(), adapter.scope_with(values) as self.scope,
              drawing_with(step_seeds() or outside()), contextlib.suppress(_Enough)):
            self.go()

    def mark(self, value: Any) -> Any:
        """Note a value on its way to a name, so that a gradient can be by it, or of it."""
        value, arrays = self._marked_as(len(self.marked) - self._inner, value)
        if not events.is_quiet():
            adapter.JOURNALS.mark(arrays)
        return value

    def _mark_inner(self, value: Any) -> Any:
        self._inner += 1
        return self._marked_as(-self._inner, value)[0]

    def _marked_as(self, number: int, value: Any) -> tuple[Any, list[Any]]:
        leaves = keras.tree.flatten(value)
        if any((number, i) in self._shifts for i in range(len(leaves))):
            leaves = [leaf + self._shifts[number, i] if (number, i) in self._shifts else leaf
                      for i, leaf in enumerate(leaves)]
            value = keras.tree.pack_sequence_as(value, leaves)
        arrays = [leaf if _is_number(leaf) else None for leaf in leaves]
        self.marked[number] = arrays
        for i, leaf in enumerate(arrays):
            if leaf is not None:
                self.places.setdefault(id(leaf), (number, i))
        return value, arrays

    def written(self, variable: Any, value: Any) -> None:
        """Note what a variable held before it was first given another value."""
        self.before.setdefault(id(variable), (variable, value))

    def value_before(self, variable: Any) -> Any:
        """What a variable held when the block began."""
        held = self.before.get(id(variable))
        return variable.value if held is None else held[1]

    def with_names(
        self, others: Mapping[str, Any], arrays: Mapping[tuple[str, int], Any]
    ) -> Run:
        """This block run once more where names stand for something else; nothing of it lasts.

        Args:
            others: what names stand for.
            arrays: for names that stand for arrays, by the name and the number of one among them.
        """
        names = {**self.names, **others}
        for (name, i), array in arrays.items():
            leaves = keras.tree.flatten(names[name])
            leaves[[at for at, leaf in enumerate(leaves) if hasattr(leaf, "shape")][i]] = array
            names[name] = keras.tree.pack_sequence_as(names[name], leaves)
        run = Run(self.block, names, self.tapes)
        run.go_in(adapter.values_of(adapter.current_scope()))
        return run

    def total(self, targets: Sequence[Place]) -> Any:
        """The sum of what is marked at some places."""
        return sum(jnp.sum(self.marked[number][i]) for number, i in targets)

    @property
    def after(self) -> list[tuple[Any, Any]]:
        """The variables that were written, each with what it holds now."""
        return [(variable, self.scope.get_current_value(variable))
                for variable, _ in self.before.values()]

    def array_names(self) -> dict[str, Any]:
        """The names that stood for arrays of rows."""
        return {name: value for name, value in self.names.items()
                if any(leaf.ndim for leaf in arrays_in(value))}

    def reach(self) -> None:
        """A gradient is asked for within the block: end here, where no more is wanted."""
        self.asked += 1
        if self.asked == self.until:
            raise _Enough

    def again(
        self, targets: Sequence[Place], values: Mapping[int, Any], shifts: Mapping[Place, Any],
        given: Mapping[int, Any],
    ) -> list[Any]:
        """The targets as they come out with other values for variables, marked arrays, and inputs.

        Args:
            targets: where they are marked.
            values: of variables, by `id`.
            shifts: what is added to marked arrays.
            given: other arrays for those among the names, by `id`.
        """
        state = {**adapter.values_of(self.scope), **{i: old for i, (_, old) in self.before.items()},
                 **values}
        names = {name: _with(value, given) for name, value in self.names.items()}
        run = Run(self.block, names, self.tapes, shifts=shifts, until=self.asked if self.open else 0)
        run.go_in(state)
        return [run.marked[number][i] for number, i in targets]


def _with(value: Any, given: Mapping[int, Any]) -> Any:
    """A value of a name with other arrays in the place of some."""
    if id(value) in given:
        return given[id(value)]
    if type(value) in (list, tuple, dict) and given:
        return keras.tree.map_structure(lambda leaf: given.get(id(leaf), leaf), value)
    return value


def arrays_in(value: Any) -> list[Any]:
    """The arrays that a name stands for, alone or in a list, tuple or dict."""
    leaves = keras.tree.flatten(value) if type(value) in (list, tuple, dict) else [value]
    return [leaf for leaf in leaves if isinstance(leaf, np.ndarray | jax.Array)]


def _is_number(leaf: Any) -> bool:
    return isinstance(leaf, jax.Array) and jnp.issubdtype(leaf.dtype, jnp.floating)
