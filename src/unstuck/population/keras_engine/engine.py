"""Any Keras model: many replicas at once through Keras's stateless API on JAX.

`program` makes pure functions of a recipe, `strategies` runs them for many replicas,
`choice` picks the strategy, `probes` reads what happens inside. Here replicas go
through in blocks of one size, so that each program is compiled once.
"""

from __future__ import annotations

import functools
import os
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
from numpy.typing import NDArray

from unstuck.base.errors import NotSupported
from unstuck.network import adapter
from unstuck.network.recipe import Recipe
from unstuck.population.draws import epoch_orders
from unstuck.population.population import Engine, Moment, Population, Progress, Readings, Yardstick
from unstuck.population.threads import side_by_side

from .choice import Choice, Known, block_size, choose, seconds_per_update
from .probes import Probes, probed
from .program import Program, Rows, as_rows, program_key
from .rules import Ruled
from .strategies import STRATEGIES, Strategy

Array = NDArray[Any]
Tree = Any

PROGRAMS_KEPT = 40
"""A program's compiled functions take about 20 MB."""


class KerasEngine(Engine):
    """See the module."""

    name = "keras"

    def __init__(
        self, *, strategy: str | None = None, threads: int | None = None, timed: bool = True
    ) -> None:
        """The strategy is the fastest, found by the clock if `timed`, else the likeliest; or the one
        of `strategies.STRATEGIES` that is named.

        Blocks of replicas are trained side by side in so many threads, one a core by default.
        """
        self._strategy, self.timed = strategy, timed
        self._threads = threads or os.cpu_count() or 1
        self._compiled: OrderedDict[str, Compiled] = OrderedDict()
        self._known: dict[Any, list[Known]] = {}

    def refuses(self, recipe: Recipe) -> str | None:
        """See `Engine.refuses`; what can only be seen on the built model, `train` refuses."""
        if recipe.train.rows == 0:
            return "no rows are left to train on after the validation split"
        return None

    def block(self, recipe: Recipe) -> int:
        """See `Engine.block`."""
        compiled = self._compiled_for(recipe)
        return compiled.block if compiled.choice.name == "vmap" else 1

    def pace(self, recipe: Recipe) -> float | None:
        """See `Engine.pace`; for a recipe that this engine's choice timed, that time."""
        refused = self.refuses(recipe)
        if refused is not None:
            return None
        compiled = self._compiled_for(recipe)
        if compiled.choice.seconds is None and compiled.choice.name == "steps":
            return compiled.pace
        return compiled.choice.seconds

    def halve(self, recipe: Recipe) -> bool:
        """See `Engine.halve`; what is compiled for the larger block is let go."""
        key = program_key(recipe)
        compiled = self._compiled.get(key)
        if compiled is None or compiled.block == 1:
            return False
        strategy = type(compiled.strategy)(compiled.program)
        self._compiled[key] = replace(compiled, strategy=strategy, block=compiled.block // 2)
        return True

    def train(
        self,
        recipe: Recipe,
        seeds: Sequence[int],
        yardstick: Yardstick,
        *,
        probes: bool = True,
        keep_weights: bool = False,
        progress: Progress | None = None,
        start: Mapping[str, Array] | None = None,
        order: NDArray[np.int32] | None = None,
    ) -> Population:
        """See `Engine.train`."""
        refused = self.refuses(recipe)
        if refused is not None:
            raise NotSupported(f"{refused[0].upper()}{refused[1:]}.")
        begun = time.monotonic()
        compiled = self._compiled_for(recipe)
        run = _Run(engine=self.name, compiled=compiled, recipe=recipe, yardstick=yardstick,
                   probes=probes, keep_weights=keep_weights, data=as_rows(recipe.train),
                   validation=None if recipe.validation is None else as_rows(recipe.validation))

        def one(at: int, tell: Callable[[int], None]) -> Population:
            part = slice(at, at + compiled.block)
            return run.train(
                tuple(seeds[part]), tell,
                start=None if start is None else {k: v[part] for k, v in start.items()},
                order=None if order is None else order[part],
            )

        total = len(seeds) * recipe.epochs
        blocks = side_by_side(
            one, range(0, len(seeds), compiled.block),
            threads=1 if compiled.devices > 1 else self._threads,
            first_alone=compiled.strategy.compiles_yet,
            progress=None if progress is None else lambda done: progress(done, total))
        population = blocks[0]
        for block in blocks[1:]:
            population = population.joined(block)
        return replace(population, seconds=time.monotonic() - begun)

    def _compile(self, recipe: Recipe) -> Compiled:
        return Compiled.of(recipe, self._strategy, self._known, timed=self.timed)

    def _compiled_for(self, recipe: Recipe) -> Compiled:
        key = program_key(recipe)
        with adapter.BUILDING:
            if key not in self._compiled:
                self._compiled[key] = self._compile(recipe)
                if len(self._compiled) > PROGRAMS_KEPT:
                    self._compiled.popitem(last=False)
            self._compiled.move_to_end(key)
            return self._compiled[key]


@dataclass(frozen=True, kw_only=True, eq=False)
class Compiled:
    """A program with the strategy that runs it, in blocks of that many replicas."""

    program: Program
    strategy: Strategy
    choice: Choice
    block: int

    @functools.cached_property
    def pace(self) -> float:
        """Seconds of one update of one replica, measured once."""
        return seconds_per_update(self.strategy)

    @property
    def devices(self) -> int:
        """How many devices share a block."""
        return jax.local_device_count() if self.choice.name == "vmap" else 1

    @property
    def phrase(self) -> str:
        """How it is trained, in a phrase."""
        where = f", on {self.devices} devices" if self.devices > 1 else ""
        return f"{self.choice.phrase}{where}"

    @cached_property
    def probes(self) -> Probes | None:
        """What reads the layers; `None` where their outputs are not to be had."""
        return Probes(self.program) if Probes.possible(self.program) else None

    @classmethod
    def of(
        cls, recipe: Recipe, strategy: str | None, known: dict[Any, list[Known]], *, timed: bool
    ) -> Compiled:
        program = Program(recipe)
        if strategy is not None:
            taken = STRATEGIES[strategy](program)
            choice = Choice(name=strategy, phrase=f"{strategy}: as asked")
        else:
            taken, choice = choose(program, known, timed=timed)
        block = block_size(program, taken, seconds=choice.seconds)
        if block < block_size(program, taken):  # what was compiled to be timed is for larger ones
            taken = type(taken)(program)
        return cls(program=program, strategy=taken, choice=choice, block=block)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Run:
    """One call of `train`: what its blocks share."""

    engine: str
    compiled: Compiled
    recipe: Recipe
    yardstick: Yardstick
    probes: bool
    keep_weights: bool
    data: Rows
    validation: Rows | None

    def train(
        self, seeds: tuple[int, ...], tell: Callable[[int], None], *,
        start: Mapping[str, Array] | None, order: NDArray[np.int32] | None,
    ) -> Population:
        """Train and judge one block; `tell` is called with the replicas × epochs done."""
        recipe, strategy, program = self.recipe, self.compiled.strategy, self.compiled.program
        count, compiled_before = len(seeds), strategy.compile_seconds
        # A short block is filled up: one more compilation would cost more than idle lanes.
        short = self.compiled.block - count if strategy.name == "vmap" else 0
        filled = (*seeds, *seeds[:1] * short)
        held = strategy.place(program.initial_state(recipe, filled, _filled(start, short)))
        begin = None if self._read is None else self._read(held)
        ruled = Ruled(strategy, recipe, self.data, self.validation) if recipe.rules else None
        if ruled is None:
            held, logs, val = self._train(held, filled, order, lambda done: tell(done * count))
        else:
            held = ruled.train(held, count, lambda epoch: self._order(filled, order, epoch, 1),
                               lambda done: tell(done * count))
            logs, val = ruled.logs, ruled.val
        if program.has_finish:
            held = strategy.finished(held)
        if ruled is not None:
            held = ruled.restored(held)
        end = None if self._read is None else self._read(held)
        outputs = recipe.unscaled(
            _first(count, strategy.each("predict", program.predict, held, self._inputs)))
        layer, codes = self._code(held)
        named = {name: logs[:count, :, i] for i, name in enumerate(program.metric_names)}
        if ruled is not None and recipe.rules.sets_rate:
            named["learning_rate"] = ruled.rates
        final_loss = strategy.evaluate(held, self._judged)[:count]
        return Population(
            seeds=seeds,
            loss=named.pop("loss"),
            val_loss=None if self.validation is None else val[:count],
            metrics=named,
            stopped=None if ruled is None else ruled.stopped,
            final_loss=final_loss,
            score=self.yardstick.score(recipe, outputs, final_loss),
            outputs=np.asarray(outputs, np.float32) if self.yardstick.keeps_outputs else None,
            codes=None if codes is None else codes[:count],
            code_layer=layer,
            added=self._added(held, count),
            readings=self._readings(begin, end, count),
            weights=self._weights(held, count) if self.keep_weights else None,
            engine=self.engine,
            strategy=self.compiled.phrase,
            block=self.compiled.block if self.compiled.choice.name == "vmap" else 1,
            compile_seconds=strategy.compile_seconds - compiled_before,
        )

    def _train(
        self, held: Any, seeds: tuple[int, ...], order: NDArray[np.int32] | None,
        tell: Callable[[int], None],
    ) -> tuple[Any, Array, Array]:
        """Through all epochs; returns the block, its logs and validation losses."""
        strategy, stretches = self.compiled.strategy, self._stretches()
        logs, val = [], []
        rows = self._order(seeds, order, *stretches[0])
        for i, (begin, length) in enumerate(stretches):
            held, one, two = strategy.advance(held, rows, length, self.data, self.validation)
            # The next order is drawn while the device computes.
            if i + 1 < len(stretches):
                rows = self._order(seeds, order, *stretches[i + 1])
            logs.append(np.asarray(one)[:, :length])
            val.append(np.asarray(two)[:, :length])
            tell(begin + length)
        return held, np.concatenate(logs, 1), np.concatenate(val, 1)

    def _readings(
        self, begin: Tree, end: Tree, count: int
    ) -> dict[Moment, Readings]:
        probes = self.compiled.probes
        if probes is None or begin is None or end is None:
            return {}
        return {"start": probes.as_readings(_first(count, begin)),
                "end": probes.as_readings(_first(count, end))}

    def _stretches(self) -> list[tuple[int, int]]:
        """Epochs cut into stretches: (first epoch, how many)."""
        room, epochs = self.compiled.strategy.room, self.recipe.epochs
        return [(at, min(room, epochs - at)) for at in range(0, epochs, room)]

    def _order(
        self, seeds: tuple[int, ...], given: NDArray[np.int32] | None, begin: int, length: int
    ) -> NDArray[np.int32]:
        """The order of rows in one stretch, [replica, room, row]; beyond `length` all zeros."""
        rows = self.recipe.rows_per_epoch
        padded = np.zeros((len(seeds), self.compiled.strategy.room, rows), np.int32)
        if given is not None:
            padded[: len(given), :length] = given[:, begin : begin + length]
            padded[len(given) :, :length] = given[:1, begin : begin + length]
        else:
            padded[:, :length] = epoch_orders(self.recipe, seeds, range(begin, begin + length))
        return padded

    @cached_property
    def _judged(self) -> Rows:
        """The rows of the final loss; shared with those trained on where they are the same."""
        judged = self.recipe.judged
        return self.data if judged is self.recipe.train else as_rows(judged)

    @cached_property
    def _inputs(self) -> Tree:
        """The yardstick's rows on the device."""
        return jax.tree.map(jnp.asarray, self.recipe.scaled(self.yardstick.inputs))

    @cached_property
    def _read(self) -> Callable[[Any], Tree] | None:
        """Takes the readings of a block, as `Probes.read`; `None` where there are none."""
        probes = self.compiled.probes if self.probes else None
        if probes is None:
            return None
        shared = probed(self._inputs), probed(self.data)
        each = self.compiled.strategy.each
        return lambda held: each("probe", probes.read, held, *shared)

    def _code(self, held: Any) -> tuple[str | None, Array | None]:
        """The narrowest hidden layer, if it is no wider than the input, and its outputs."""
        whole = self.yardstick.keeps_outputs
        if not self.yardstick.keeps_codes or self.recipe.several_inputs or not (
                whole or self.probes):
            return None, None
        probes = self.compiled.probes
        hidden = [(layer.config["units"], layer.name) for layer in self.recipe.layers[:-1]
                  if layer.kind == "Dense" and probes and layer.name in probes.names]
        width = int(np.prod(keras.tree.flatten(self.recipe.x)[0].shape[1:]))
        units, name = min(hidden, key=lambda pair: pair[0], default=(width + 1, None))
        if probes is None or name is None or units > width:
            return None, None
        codes = self.compiled.strategy.each(
            "code", lambda state, x: probes.outputs(state, x, name), held,
            self._inputs if whole else probed(self._inputs))
        return name, np.asarray(codes, np.float32)

    def _added(self, held: Any, count: int) -> Array | None:
        """What layers of the user's own add to the loss, for each replica."""
        program = self.compiled.program
        if not self.probes or not program.adds:
            return None
        rows = probed(self.data[0])
        return np.asarray(_first(count, self.compiled.strategy.each(
            "added", program.added, held, rows)), np.float32)

    def _weights(self, held: Any, count: int) -> dict[str, Array]:
        kept = self.compiled.strategy.each("weights", lambda state: [*state[0], *state[1]], held)
        return dict(zip(self.compiled.program.paths, _first(count, kept), strict=True))


def _filled(start: Mapping[str, Array] | None, short: int) -> dict[str, Array] | None:
    if start is None:
        return None
    return {k: np.concatenate([v, np.repeat(v[:1], short, 0)]) for k, v in start.items()}


def _first(count: int, tree: Tree) -> Tree:
    return jax.tree.map(lambda a: a[:count], tree)
