"""A block's training with callbacks: an epoch at a time, each replica going its own way.

Replicas that have stopped keep the state they stopped with; side by side they are still computed,
one after the other they are not. The weights of the best epoch are put back at the very end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from unstuck.base.errors import NotSupported
from unstuck.network.callback_rules import Course, held_on
from unstuck.network.own_steps import State
from unstuck.network.recipe import Recipe

from .program import Program, Rows
from .strategies import SideBySide, Strategy

Array = NDArray[Any]
Order = Callable[[int], NDArray[np.int32]]
"""The order of rows of an epoch, [replica, 1, row]."""


@dataclass(eq=False)
class Ruled:
    """One block on its way through all epochs; afterwards its curves."""

    strategy: Strategy
    recipe: Recipe
    data: Rows
    validation: Rows | None
    logs: Array = field(init=False)
    val: Array = field(init=False)
    rates: Array = field(init=False)
    stopped: Array = field(init=False)

    @property
    def _program(self) -> Program:
        return self.strategy.program

    def train(self, held: Any, count: int, order: Order, tell: Callable[[int], None]) -> Any:
        """Through all epochs, `tell`ing how many are done; returns the block.

        Args:
            held: the block's state, which cannot be used again.
            count: its replicas.
            order: the order of rows of an epoch.
            tell: called with the epochs done.
        """
        block = _Block.of(self.strategy, held, count)
        course = Course(self.recipe.rules, count, block.rates())
        epochs = self.recipe.epochs
        self.logs = np.full((count, epochs, len(self._program.metric_names)), np.nan, np.float32)
        self.val = np.full((count, epochs), np.nan, np.float32)
        self.rates = np.full((count, epochs), np.nan, np.float32)
        for epoch in range(epochs):
            if self.recipe.rules.sets_rate:
                block.set_rates(course.begin(epoch))
            active = course.active.copy()
            one, two = block.advance(active, order(epoch), self.data, self.validation)
            self.logs[active, epoch], self.val[active, epoch] = one[active], two[active]
            self.rates[:, epoch] = course.rates
            stop, best = course.end(epoch, self._named(block, one, two, active))
            block.keep(best)
            block.stop(stop)
            tell(epoch + 1)
            if not course.active.any():
                break
        self.stopped = course.stopped
        self.logs, self.val, self.rates = (
            held_on(curve, self.stopped) for curve in (self.logs, self.val, self.rates))
        self._block = block
        return block.ended()

    def restored(self, held: Any) -> Any:
        """The block with the weights of each replica's best epoch put back, where that is asked."""
        return self._block.restored(held)

    def _named(self, block: _Block, one: Array, two: Array, active: Array) -> dict[str, Array]:
        named = {name: one[:, i] for i, name in enumerate(self._program.metric_names)}
        if self.validation is None:
            return named
        named["val_loss"] = two
        watched = {rule.monitor for rule in self.recipe.rules.rules} - set(named)
        if any(name is not None and name.startswith("val_") for name in watched):
            values = block.each("validate", self._validated, active, self.validation)
            named |= {f"val_{name}": values[:, i]
                      for i, name in enumerate(self._program.test_names) if name != "loss"}
        return named

    def _validated(self, state: State, data: Rows) -> Any:
        return self._program.tested(state, data)


class _Block:
    """The replicas of a block, whichever way the strategy keeps them."""

    @staticmethod
    def of(strategy: Strategy, held: Any, count: int) -> _Block:
        """The kind that goes with a strategy."""
        kind = _Together if isinstance(strategy, SideBySide) else _Apart
        return kind(strategy, held, count)

    def __init__(self, strategy: Strategy, held: Any, count: int) -> None:
        self._strategy, self._held, self._count = strategy, held, count
        names = [variable.name for variable in strategy.program.optimizer_variables]
        self._rate = names.index("learning_rate") if "learning_rate" in names else None
        # Weights that a callback would put back: all but the seeds of dropout and noise.
        self._put_back = [variable.name != "seed_generator_state"
                          for variable in strategy.program.model.non_trainable_variables]

    def _rate_at(self) -> int:
        if self._rate is None:
            kind = self._strategy.program.recipe.optimizer.kind
            raise NotSupported(f"{kind} keeps no learning rate that a callback could set.")
        return self._rate

    def _with_best(self, state: State, best: State) -> State:
        others = [one if back else own for own, one, back in
                  zip(state[1], best[1], self._put_back, strict=True)]
        return (best[0], others, *state[2:])

    def rates(self) -> Array:
        """The learning rates now, [replica]; NaN where the optimizer has a schedule."""
        raise NotImplementedError

    def set_rates(self, rates: Array) -> None:
        """Set them."""
        raise NotImplementedError

    def advance(
        self, active: Array, order: Array, data: Rows, validation: Rows | None
    ) -> tuple[Array, Array]:
        """One epoch of the active replicas: their logs [replica, metric] and validation losses."""
        raise NotImplementedError

    def each(self, name: str, function: Any, active: Array, *shared: Any) -> Array:
        """`Strategy.each` of the active replicas; the others' entries mean nothing."""
        raise NotImplementedError

    def keep(self, best: Array) -> None:
        """Remember the weights of these replicas as their best."""
        raise NotImplementedError

    def stop(self, stop: Array) -> None:
        """These replicas end with what they are now."""
        raise NotImplementedError

    def ended(self) -> Any:
        """The block with every replica as it ended."""
        raise NotImplementedError

    def restored(self, held: Any) -> Any:
        """The block with the best weights put back."""
        raise NotImplementedError


class _Together(_Block):
    """Side by side: arrays [replica, …], filled up to the block's size."""

    def __init__(self, strategy: Strategy, held: Any, count: int) -> None:
        super().__init__(strategy, held, count)
        self._ended: Any = None
        self._best: Any = None
        self._has_ended = self._has_best = self._lanes(np.zeros(count, dtype=bool))

    def _lanes(self, mask: Array) -> Array:
        lanes = np.zeros(jax.tree.leaves(self._held)[0].shape[0], mask.dtype)
        lanes[: len(mask)] = mask
        return lanes

    def rates(self) -> Array:
        if self._rate is None:
            return np.full(self._count, np.nan, np.float32)
        return np.asarray(self._held[2][self._rate], np.float32)[: self._count]

    def set_rates(self, rates: Array) -> None:
        at, held = self._rate_at(), self._held
        optimizer = list(held[2])
        optimizer[at] = jnp.asarray(self._lanes(rates.astype(np.float32)))
        self._held = (*held[:2], optimizer, *held[3:])

    def advance(
        self, active: Array, order: Array, data: Rows, validation: Rows | None
    ) -> tuple[Array, Array]:
        self._held, one, two = self._strategy.advance(self._held, order, 1, data, validation)
        return np.asarray(one)[: self._count, 0], np.asarray(two)[: self._count, 0]

    def each(self, name: str, function: Any, active: Array, *shared: Any) -> Array:
        return np.asarray(self._strategy.each(name, function, self._held, *shared))[: self._count]

    def keep(self, best: Array) -> None:
        if best.any():
            self._best = self._merged(self._best, self._held[:2], best)
            self._has_best = self._has_best | self._lanes(best)

    def stop(self, stop: Array) -> None:
        if stop.any():
            self._ended = self._merged(self._ended, self._held, stop)
            self._has_ended = self._has_ended | self._lanes(stop)

    def ended(self) -> Any:
        if self._ended is None:
            return self._held
        return _chosen(self._held, self._ended, self._has_ended)

    def restored(self, held: Any) -> Any:
        if self._best is None:
            return held
        best = _chosen(held[:2], self._best, self._has_best)
        return self._with_best(held, best)

    def _merged(self, old: Any, new: Any, mask: Array) -> Any:
        if old is None:
            return jax.tree.map(jnp.copy, new)  # what is held is given away at the next epoch
        return _chosen(old, new, self._lanes(mask))


@jax.jit
def _chosen(old: Any, new: Any, mask: Any) -> Any:
    """Arrays [replica, …], of `new` where the mask [replica] says so."""
    def pick(a: Any, b: Any) -> Any:
        return jnp.where(mask.reshape(-1, *(1,) * (a.ndim - 1)), b, a)

    return jax.tree.map(pick, old, new)


class _Apart(_Block):
    """One after the other: a list of states."""

    def __init__(self, strategy: Strategy, held: Any, count: int) -> None:
        super().__init__(strategy, list(held), count)
        self._best: dict[int, Any] = {}

    def rates(self) -> Array:
        if self._rate is None:
            return np.full(self._count, np.nan, np.float32)
        return np.asarray([state[2][self._rate] for state in self._held], np.float32)

    def set_rates(self, rates: Array) -> None:
        at = self._rate_at()
        for replica, (state, rate) in enumerate(zip(self._held, rates, strict=True)):
            optimizer = list(state[2])
            optimizer[at] = jnp.asarray(rate, jnp.float32)
            self._held[replica] = (*state[:2], optimizer, *state[3:])

    def advance(
        self, active: Array, order: Array, data: Rows, validation: Rows | None
    ) -> tuple[Array, Array]:
        which = np.flatnonzero(active)
        states, one, two = self._strategy.advance(
            [self._held[replica] for replica in which], order[which], 1, data, validation)
        for replica, state in zip(which, states, strict=True):
            self._held[replica] = state
        return self._spread(which, np.asarray(one)[:, 0]), self._spread(which, np.asarray(two)[:, 0])

    def each(self, name: str, function: Any, active: Array, *shared: Any) -> Array:
        which = np.flatnonzero(active)
        states = [self._held[replica] for replica in which]
        return self._spread(which, np.asarray(self._strategy.each(name, function, states, *shared)))

    def _spread(self, which: Array, values: Array) -> Array:
        spread = np.full((self._count, *values.shape[1:]), np.nan, np.float32)
        spread[which] = values
        return spread

    def keep(self, best: Array) -> None:
        for replica in np.flatnonzero(best):
            self._best[int(replica)] = jax.tree.map(jnp.copy, self._held[replica][:2])

    def stop(self, stop: Array) -> None:
        pass  # what stopped is not advanced any more

    def ended(self) -> Any:
        return self._held

    def restored(self, held: Any) -> Any:
        return [self._with_best(state, self._best[replica]) if replica in self._best else state
                for replica, state in enumerate(held)]
