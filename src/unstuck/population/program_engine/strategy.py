"""Replicas of a recipe on the machine: a fourth strategy beside those of the Keras engine.

The step is traced with everything that belongs to it, optimizer, schedules and metrics, so that nothing
of Keras is written twice; epochs, orders of rows and callbacks are the Keras engine's own. A replica is
its state as arrays of numpy; whichever of Python's threads asks trains it, without Python's lock.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from unstuck.base.errors import NotSupported
from unstuck.network.own_steps import State
from unstuck.population.keras_engine.program import Program, Rows
from unstuck.population.keras_engine.strategies import StepByStep

from . import machine
from .program import Traced, as_words, typed

Array = NDArray[Any]
Tree = Any
Step = Callable[..., tuple[Any, State]]

AT_ONCE = 256
"""Updates in one call of the machine; between two of them Ctrl-C is answered."""
TABLES_KEPT = 6
"""Sets of rows whose copies for the machine are kept."""


class Interpreted(StepByStep):
    """One replica after another on the machine, a traced step at a time.

    Raises:
        NotSupported: the step has parts that the machine does not know; they are named.
    """

    name = "program"

    def __init__(self, program: Program, *, kernel: str = "") -> None:
        super().__init__(program)
        self._kernel = kernel
        self._tables: OrderedDict[tuple[int, ...], tuple[Any, list[machine.Buffer]]] = OrderedDict()
        self._sharing = threading.Lock()
        self._types = [(tuple(leaf.shape), np.dtype(leaf.dtype))
                       for leaf in jax.tree.leaves(program.shapes)]
        self._structure = jax.tree.structure(program.shapes)
        train = program.recipe.train
        rows = jax.tree.map(_shape, (train.x, train.y, train.sample_weight))
        full, rest = divmod(program.recipe.rows_per_epoch, program.batch)
        for count in ([program.batch] if full else []) + ([rest] if rest else []):
            self._step("train", program.train_step, rows, count)

    @property
    def step(self) -> Traced:
        """The traced update of one batch, or of the only, shorter one."""
        return next(one for key, one in self._compiled.items()  # type: ignore[return-value]
                    if isinstance(key, tuple) and key[0] == "train")

    @property
    def compiles_yet(self) -> bool:
        """Never: a trace takes little beside a training, and whoever needs it waits for it."""
        return False

    def place(self, state: State) -> Any:
        """See `Strategy.place`."""
        count = len(jax.tree.leaves(state)[0])
        return [jax.tree.map(lambda a, r=r: np.array(a[r]), state) for r in range(count)]

    def _made(self, key: Any, make: Callable[[], Traced]) -> Traced:
        """A traced function, traced once; it counts as compilation."""
        if key not in self._compiled:
            with self._compiling:
                if key not in self._compiled:
                    begun = time.monotonic()
                    self._compiled[key] = make()
                    self.compile_seconds += time.monotonic() - begun
        return self._compiled[key]  # type: ignore[return-value]

    def _step(self, name: str, step: Step, data: Rows, count: int) -> Traced:
        """A step on so many rows, which puts the state in place."""
        def changed(state: State, data: Rows, rows: Any) -> tuple[State, Any]:
            logs, state = step(state, data, rows)
            return state, logs

        shapes = jax.tree.map(_shape, data)
        key = name, count, repr(shapes)
        rows = jax.ShapeDtypeStruct((count,), np.int32)  # type: ignore[no-untyped-call]
        return self._made(key, lambda: Traced(changed, self.program.shapes, shapes, rows,
                                              carried=len(self._types)))

    def _table(self, data: Rows) -> list[machine.Buffer]:
        """Rows as the machine reads them; the same for all replicas and threads."""
        leaves = jax.tree.leaves(data)
        key = tuple(id(leaf) for leaf in leaves)
        with self._sharing:
            if key not in self._tables:
                self._tables[key] = leaves, [machine.Buffer(as_words(leaf)) for leaf in leaves]
                if len(self._tables) > TABLES_KEPT:
                    self._tables.popitem(last=False)
            return self._tables[key][1]

    def _through(
        self, name: str, step: Step, state: State, data: Rows, order: Array, batch: int
    ) -> tuple[Array, State]:
        """Batch after batch, from metrics at zero; the last batch's logs, and the state."""
        full, rest = divmod(len(order), batch)
        whole = self._step(name, step, data, batch) if full else None
        short = self._step(name, step, data, rest) if rest else None
        known = whole or short
        assert known is not None
        begin = (*state[:3], self.program.metrics_at_zero)
        leaves = [as_words(leaf).copy() for leaf in jax.tree.leaves(begin)]
        results, rows, order = known.results(), self._table(data), np.ascontiguousarray(order, np.int32)
        for at in range(0, len(order), AT_ONCE * batch):
            machine.updates(whole.native if whole else None, short.native if short else None, leaves,
                            rows, order[at : at + AT_ONCE * batch], batch, results, self._kernel)
        arrays = [typed(words, *kind) for words, kind in zip(leaves, self._types, strict=True)]
        return results[0].view(np.float32), jax.tree.unflatten(self._structure, arrays)

    def _trained(self, state: State, data: Rows, order: Array, most: int) -> tuple[Any, State]:
        batch, step = self.program.batch, self.program.train_step
        return self._through("train", step, state, data, order[: most * batch], batch)

    def _evaluated(self, state: State, data: Rows, batch: int) -> tuple[Any, State]:
        order = np.arange(jax.tree.leaves(data[0])[0].shape[0], dtype=np.int32)
        try:
            logs, after = self._through("test", self.program.test_step, state, data, order, batch)
        except NotSupported:
            return super()._evaluated(state, data, batch)
        return logs[0], after

    def each(self, name: str, function: Callable[..., Any], held: Any, *shared: Tree) -> Tree:
        """See `Strategy.each`; what the machine does not know, JAX compiles."""
        shapes = jax.tree.map(_shape, shared)
        key = name, repr(shapes)
        try:
            traced = self._made(key, lambda: Traced(function, self.program.shapes, *shapes))
        except NotSupported:
            return super().each(f"compiled {name}", function, held, *shared)
        parts = [traced(state, *shared, kernel=self._kernel) for state in held]
        return jax.tree.map(lambda *a: np.stack(a), *parts)

    def finished(self, held: Any) -> Any:
        """See `Strategy.finished`."""
        whole = self.each("finish", self.program.finish, held)
        return self.place(whole)


def _shape(leaf: Any) -> Any:
    given = getattr(leaf, "dtype", None) or np.asarray(leaf).dtype
    dtype = jax.dtypes.canonicalize_dtype(given)
    return jax.ShapeDtypeStruct(np.shape(leaf), dtype)  # type: ignore[no-untyped-call]

