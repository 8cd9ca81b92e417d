"""Three ways to train a block of replicas with one program; the network decides which is fastest.

`vmap`: side by side in one compiled loop, best for small networks. `map`: one replica after
another, each in a compiled loop. `steps`: one after another, a compiled step at a time, best where
a convolution inside a compiled loop is several times slower than outside (on CPUs). The state
stays on the device from `place` to the end.
"""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec
from numpy.typing import NDArray

from unstuck.network import adapter
from unstuck.network.own_steps import State

from .program import Program, Rows

Array = NDArray[Any]
Tree = Any

STRETCH = 4096
"""Most updates of a replica in one compiled call, where an epoch has fewer."""
EVERYTHING = 1 << 30
"""More batches than any epoch has."""


class Strategy(ABC):
    """One way to compute a program for many replicas. `Held` is a block's state as it keeps it."""

    name: ClassVar[str]

    def __init__(self, program: Program) -> None:
        self.program = program
        self.compile_seconds = 0.0
        self._compiled: dict[Any, Callable[..., Any]] = {}
        self._compiling = threading.Lock()

    @property
    def compiles_yet(self) -> bool:
        """True until a block has gone through to its outputs."""
        return "predict" not in self._compiled

    @property
    def room(self) -> int:
        """Epochs that one `advance` has room for; between two of them Ctrl-C is answered.

        One, where callbacks look at each.
        """
        if self.program.recipe.rules:
            return 1
        return max(1, min(256, STRETCH // self.program.recipe.updates_per_epoch))

    @abstractmethod
    def place(self, state: State) -> Any:
        """The replicas' states, arrays [replica, …], on the device."""

    @abstractmethod
    def advance(
        self, held: Any, order: Array, epochs: int, data: Rows, validation: Rows | None,
        *, most: int = EVERYTHING,
    ) -> tuple[Any, Array, Array]:
        """Train on.

        Args:
            held: the block; it cannot be used again.
            order: the order of rows [replica, room, row], of which the first `epochs` count.
            most: batches of each epoch.

        Returns:
            The block, its logs [replica, room, metric], its validation losses [replica, room]
            (NaN without validation), of which the first `epochs` count.
        """

    @abstractmethod
    def each(self, name: str, function: Callable[..., Any], held: Any, *shared: Tree) -> Tree:
        """`function(state, *shared)` of every replica as numpy arrays [replica, …].

        The name is the function's: under it, it is compiled once.
        """

    def evaluate(self, held: Any, data: Rows) -> Array:
        """The loss on those rows, shaped [replica]."""
        batch = self.program.judging_batch
        losses: Array = self.each(
            "evaluate", lambda state, data: self.program.evaluate(state, data, batch)[0],
            held, data)
        return losses

    @abstractmethod
    def finished(self, held: Any) -> Any:
        """The block after `Program.finish`."""

    def _call(self, key: Any, make: Callable[[], Callable[..., Any]], *arguments: Any) -> Any:
        """Call a function made once; its first call counts as compilation.

        Arms that differ in numbers alone share a strategy and may be run side by side: one of them
        compiles, and the others wait for it instead of compiling the same again.
        """
        if key not in self._compiled:
            with self._compiling:
                if key not in self._compiled:
                    begun = time.monotonic()
                    function = make()
                    result = function(*arguments)
                    jax.block_until_ready(result)  # type: ignore[no-untyped-call]
                    self.compile_seconds += time.monotonic() - begun
                    self._compiled[key] = function
                    return result
        return self._compiled[key](*arguments)

    def _stretched(
        self, make: Callable[[], Callable[..., Any]], held: Any, order: Array, epochs: int, most: int,
        data: Rows, validation: Rows | None,
    ) -> tuple[Any, Any, Any]:
        """What a compiled stretch returns; it is compiled on no epochs, so that none counts as that."""
        rest = np.int32(most), data, validation
        if "stretch" not in self._compiled:
            held, *_ = self._call("stretch", make, held, order, np.int32(0), *rest)
        held, logs, val = self._call("stretch", make, held, order, np.int32(epochs), *rest)
        return held, logs, val

    def _stretch(
        self, state: State, order: Any, epochs: Any, most: Any, data: Rows, validation: Rows | None
    ) -> tuple[State, Any, Any]:
        """Some epochs of one replica; returns (state, logs [room, metric], validation [room])."""
        program, room = self.program, order.shape[0]

        def body(epoch: Any, carry: tuple[State, Any, Any]) -> tuple[State, Any, Any]:
            state, logs, val = carry
            one, state = program.epoch(state, data, order[epoch], most)
            logs = logs.at[epoch].set(one)
            if validation is not None:
                loss, state = program.evaluate(state, validation, program.batch)
                val = val.at[epoch].set(loss)
            return state, logs, val

        logs = jnp.zeros((room, len(program.metric_names)), jnp.float32)
        begin = state, logs, jnp.full(room, jnp.nan, jnp.float32)
        after: tuple[State, Any, Any] = jax.lax.fori_loop(0, epochs, body, begin)
        return after


class SideBySide(Strategy):
    """All replicas of a block in one compiled loop."""

    name = "vmap"

    def place(self, state: State) -> Any:
        """See `Strategy.place`."""
        devices = jax.local_devices()
        count = len(jax.tree.leaves(state)[0])
        if len(devices) == 1 or count % len(devices):
            return jax.tree.map(jnp.asarray, state)
        # Each device computes its share of the replicas; all else JAX copies to where it is needed.
        axis = PartitionSpec("replica")  # type: ignore[no-untyped-call]
        by_replica = NamedSharding(Mesh(np.array(devices), ("replica",)), axis)
        return jax.device_put(state, by_replica)

    def advance(
        self, held: Any, order: Array, epochs: int, data: Rows, validation: Rows | None,
        *, most: int = EVERYTHING,
    ) -> tuple[Any, Array, Array]:
        """See `Strategy.advance`."""
        return self._stretched(
            lambda: jax.jit(jax.vmap(self._quick, in_axes=(0, 0, None, None, None, None)),
                            donate_argnums=0),
            held, order, epochs, most, data, validation)

    def _quick(self, *arguments: Any) -> tuple[State, Any, Any]:
        with adapter.products_as_sums(), adapter.unfused_recurrence():
            return self._stretch(*arguments)

    def each(self, name: str, function: Callable[..., Any], held: Any, *shared: Tree) -> Tree:
        """See `Strategy.each`."""
        axes = (0, *(None for _ in shared))

        def mappable(*arguments: Any) -> Tree:
            with adapter.unfused_recurrence():
                return function(*arguments)

        return jax.tree.map(np.asarray, self._call(
            name, lambda: jax.jit(jax.vmap(mappable, in_axes=axes)), held, *shared))

    def finished(self, held: Any) -> Any:
        """See `Strategy.finished`."""
        return self._call("finish", lambda: jax.jit(jax.vmap(self.program.finish)), held)


class InARow(Strategy):
    """One replica after another, each in a compiled loop. A block is a list of states."""

    name = "map"

    def place(self, state: State) -> Any:
        """See `Strategy.place`."""
        count = len(jax.tree.leaves(state)[0])
        return [jax.tree.map(lambda a, r=r: jnp.asarray(a[r]), state) for r in range(count)]

    def advance(
        self, held: Any, order: Array, epochs: int, data: Rows, validation: Rows | None,
        *, most: int = EVERYTHING,
    ) -> tuple[Any, Array, Array]:
        """See `Strategy.advance`."""
        done = [
            self._stretched(lambda: jax.jit(self._stretch, donate_argnums=0),
                          state, rows, epochs, most, data, validation)
            for state, rows in zip(held, order, strict=True)
        ]
        logs, val = (np.stack([np.asarray(one[i]) for one in done]) for i in (1, 2))
        return [one[0] for one in done], logs, val

    def each(self, name: str, function: Callable[..., Any], held: Any, *shared: Tree) -> Tree:
        """See `Strategy.each`."""
        parts = [jax.tree.map(np.asarray, self._call(
            name, lambda: jax.jit(function), state, *shared)) for state in held]
        return jax.tree.map(lambda *a: np.stack(a), *parts)

    def finished(self, held: Any) -> Any:
        """See `Strategy.finished`."""
        return [self._call("finish", lambda: jax.jit(self.program.finish), one) for one in held]


class StepByStep(InARow):
    """One replica after another, a compiled step at a time."""

    name = "steps"
    room = 1

    def advance(
        self, held: Any, order: Array, epochs: int, data: Rows, validation: Rows | None,
        *, most: int = EVERYTHING,
    ) -> tuple[Any, Array, Array]:
        """See `Strategy.advance`."""
        logs = [[] for _ in held]  # type: list[list[Any]]
        val = np.full((len(held), epochs), np.nan, np.float32)
        after = []
        for replica, state in enumerate(held):
            for epoch in range(epochs):
                one, state = self._trained(state, data, order[replica, epoch], most)
                logs[replica].append(one)
                if validation is not None:
                    val[replica, epoch], state = self._evaluated(
                        state, validation, self.program.batch)
            after.append(state)
        return after, np.asarray(jax.device_get(logs)), val

    def evaluate(self, held: Any, data: Rows) -> Array:
        """See `Strategy.evaluate`."""
        batch = self.program.judging_batch
        losses = [self._evaluated(state, data, batch)[0] for state in held]
        return np.asarray(losses, np.float32)

    def _trained(self, state: State, data: Rows, order: Array, most: int) -> tuple[Any, State]:
        batch, logs = self.program.batch, None
        state = self.program.fresh_metrics(state)
        for at in range(0, min(len(order), most * batch), batch):
            rows = order[at : at + batch]
            logs, state = self._call(
                ("train", len(rows)),
                lambda: jax.jit(self.program.train_step, donate_argnums=0), state, data, rows)
        return logs, state

    def _evaluated(self, state: State, data: Rows, batch: int) -> tuple[Any, State]:
        count, loss = jax.tree.leaves(data[0])[0].shape[0], None
        state = self.program.fresh_metrics(state)
        for at in range(0, count, batch):
            rows = np.arange(at, min(at + batch, count), dtype=np.int32)
            # Another structure of the data (no weights) compiles anew under the same name.
            loss, state = self._call(("test", len(rows)), lambda: jax.jit(self.program.test_step),
                                     state, data, rows)
        return loss, state


STRATEGIES: dict[str, type[Strategy]] = {s.name: s for s in (SideBySide, InARow, StepByStep)}
"""Every strategy by its name."""
