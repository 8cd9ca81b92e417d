"""Dense and recurrent networks at hardware speed: many replicas in compiled C++, one a SIMD lane.

In scope are chains and simple graphs that reduce to dense layers (`layers`) and layers over
sequences (`sequences`), with Keras's own losses and optimizers (`losses`,
`optimizers`); the rest is refused by name. Nothing is compiled at run time, and replicas go
through in waves, so that memory grows with those in flight.
"""

from __future__ import annotations

import os
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from unstuck.base.errors import NotSupported
from unstuck.network import adapter
from unstuck.network.callback_rules import held_on
from unstuck.network.rebuilding import rebuilt
from unstuck.network.recipe import Recipe
from unstuck.population.draws import initial_weights
from unstuck.population.population import Engine, Moment, Population, Progress, Readings, Yardstick

try:
    from . import kernels
    from .layers import trace
    from .losses import Objective, as_rows, objective
    from .nodes import Network, Signal
    from .optimizers import optimizer, step_numbers
    from .probes import PROBED_ROWS, probed, readings
    from .rules import check_rules, epoch_rates, stopping

    MISSING = None
except ImportError as error:
    MISSING = (
        f"the compiled part of unstuck is not installed ({error}); small networks train much"
        " faster with it. Install unstuck where a C++ compiler is found, or from a wheel"
    )

Array = NDArray[Any]
Floats = NDArray[np.float32]

WAVE_BYTES = 1 << 26
"""Most memory for what one wave of replicas hands back: weights, outputs and probe readings."""
WIDEST_BLOCK = 16
EVERYTHING = 1 << 30
"""More replicas than any wave has."""
PLANS_KEPT = 64


class NativeEngine(Engine):
    """See the module."""

    name = "native"

    def __init__(self, *, threads: int | None = None, kernel: str = "") -> None:
        """Threads: as many as processors, unless told; `kernel`: an instruction set, for tests."""
        self._threads = threads or _processors()
        self._kernel = kernel
        self._most = EVERYTHING
        self._plans: OrderedDict[int, tuple[Recipe, _Plan | str]] = OrderedDict()

    def refuses(self, recipe: Recipe) -> str | None:
        """See `Engine.refuses`; also why the compiled part is missing, where it is."""
        plan = self._plan(recipe)
        return plan if isinstance(plan, str) else None

    def block(self, recipe: Recipe) -> int:
        """See `Engine.block`."""
        return WIDEST_BLOCK * self._threads

    def halve(self, recipe: Recipe) -> bool:
        """See `Engine.halve`; for this recipe and all others."""
        self._most = min(self._most, WIDEST_BLOCK * self._threads) // 2
        return self._most > 0

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
        rates: Floats | None = None,
    ) -> Population:
        """See `Engine.train`.

        Args:
            rates: learning rates, one for each replica, instead of the recipe's.

        Raises:
            NotSupported: this engine refuses the recipe.
            ValueError: `start`, `order` or `rates` have a shape that does not fit.
        """
        begun = time.monotonic()
        plan = self._plan(recipe)
        if isinstance(plan, str):
            raise NotSupported(f"{plan}.")
        run = _Run(plan=plan, recipe=recipe, yardstick=yardstick, probes=probes,
                   keep_weights=keep_weights, threads=self._threads, kernel=self._kernel,
                   most=max(1, self._most))
        total, waves = len(seeds) * recipe.epochs, []
        for at in range(0, len(seeds), run.wave):
            part = slice(at, at + run.wave)

            def tell(done: int, before: int = at * recipe.epochs) -> None:
                if progress is not None:
                    progress(before + done, total)

            waves.append(run.train(
                tuple(seeds[part]),
                start=None if start is None else {k: v[part] for k, v in start.items()},
                order=None if order is None else np.ascontiguousarray(order[part], np.int32),
                rates=None if rates is None else np.ascontiguousarray(rates[part], np.float32),
                tell=tell,
            ))
        whole = waves[0]
        for wave in waves[1:]:
            whole = whole.joined(wave)
        return replace(whole, seconds=time.monotonic() - begun)

    def _plan(self, recipe: Recipe) -> _Plan | str:
        if MISSING is not None:
            return MISSING
        key = id(recipe)
        if key not in self._plans:
            try:
                plan: _Plan | str = _Plan.of(recipe)
            except NotSupported as error:
                plan = str(error).rstrip(".")
            self._plans[key] = (recipe, plan)
            if len(self._plans) > PLANS_KEPT:
                self._plans.popitem(last=False)
        return self._plans[key][1]


def _processors() -> int:
    """Those that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@dataclass(frozen=True, kw_only=True, eq=False)
class _Plan:
    """A recipe as the kernels take it."""

    network: Network
    objective: Objective
    program: kernels.Program
    entry: Signal
    columns: tuple[str, ...]
    code: str | None

    @classmethod
    def of(cls, recipe: Recipe) -> _Plan:
        architecture = recipe.architecture
        if not architecture.is_graph or adapter.is_custom(architecture.source):
            raise NotSupported("The native engine takes Sequential and functional models only")
        check_rules(recipe)
        if recipe.batches != "drawn":
            raise NotSupported("The native engine draws its batches from all rows")
        if recipe.loop is not None and not recipe.loop.is_idle:
            raise NotSupported("The native engine trains as fit does, and not as this loop")
        if recipe.optimizer.state:
            raise NotSupported("The native engine does not go on with an optimizer's earlier updates")
        if recipe.train.rows == 0:
            raise NotSupported("No rows are left to train on after the validation split")
        built = rebuilt(architecture)
        network = trace(built, architecture.initial_values)
        if not any(weight.trainable for weight in network.weights):
            raise NotSupported("The native engine takes networks with trainable weights only")
        goal = objective(recipe, network.result)
        try:
            program = kernels.Program(network.nodes, network.variables, goal.loss,
                                      optimizer(recipe), recipe.batch_size)
        except ValueError as error:
            raise NotSupported(f"The native engine cannot lay the network out: {error}") from error
        entry = Signal(node=0, shape=tuple(built.model.inputs[0].shape[1:]))
        for data in (recipe.train, recipe.validation):
            if data is not None:
                goal.rows(data, entry)
                _check_entries(data.x, network.entries)
        names = (layer.name for layer in built.model.layers)
        return cls(
            network=network, objective=goal, program=program, entry=entry,
            columns=tuple(name for name in names if name in network.outputs),
            code=_code_layer(recipe, entry.units),
        )


def _check_entries(x: Any, entries: int | None) -> None:
    """See that what is to be looked up is there.

    Raises:
        NotSupported: it is not, and what Keras makes of it then is its own affair.
    """
    numbers = np.asarray(keras.tree.flatten(x)[0])
    if entries is not None and not (numbers.min() > -1 and numbers.max() < entries):
        raise NotSupported("The native engine looks up numbers from 0 to the table's end only")


def _code_layer(recipe: Recipe, width: int) -> str | None:
    """The narrowest hidden layer, the first of equals, if it is no wider than the input."""
    hidden = [(int(layer.config["units"]), layer.name) for layer in recipe.layers[:-1]
              if layer.kind == "Dense"]
    units, name = min(hidden, key=lambda pair: pair[0], default=(width + 1, None))
    return name if units <= width else None


@dataclass(frozen=True, kw_only=True, eq=False)
class _Run:
    """One call of `train`: what all its waves share."""

    plan: _Plan
    recipe: Recipe
    yardstick: Yardstick
    probes: bool
    keep_weights: bool
    threads: int
    kernel: str
    most: int

    @cached_property
    def wave(self) -> int:
        """Replicas in one wave: those that fit into `WAVE_BYTES`, at least a block a thread."""
        network = self.plan.network
        probed_units = sum(network.outputs[name].units for name in self.plan.columns)
        one = 4 * (2 * self.plan.program.parameters + len(self.watched) * network.result.units
                   + self.probes * PROBED_ROWS * probed_units)
        least = WIDEST_BLOCK * self.threads
        return min(self.most, max(least, WAVE_BYTES // one // least * least))

    @cached_property
    def watched(self) -> Floats:
        """The yardstick's rows."""
        flat = keras.tree.flatten(self.recipe.scaled(self.yardstick.inputs))
        if len(flat) != 1:
            raise NotSupported("The native engine takes one input")
        return as_rows(flat[0], self.plan.entry.shape)

    @cached_property
    def steps(self) -> Floats:
        """What the optimizer needs at each update."""
        return step_numbers(self.recipe, self.recipe.updates)

    @cached_property
    def data(self) -> tuple[kernels.Rows, kernels.Rows | None, kernels.Rows]:
        """Rows to train on, to validate on, and to take the final loss on."""
        rows = self.plan.objective.rows
        train, validation, entry = self.recipe.train, self.recipe.validation, self.plan.entry
        trained, last = rows(train, entry), self.recipe.judged
        judged = trained if last is train else rows(last, entry)
        return trained, None if validation is None else rows(validation, entry), judged

    @cached_property
    def gradient_rows(self) -> kernels.Rows:
        """The training rows on which gradient norms are read."""
        picked = probed(self.recipe.train.rows)
        return self.plan.objective.rows(self.recipe.train.taken(picked), self.plan.entry)

    def train(
        self, seeds: tuple[int, ...], *, start: Mapping[str, Array] | None,
        order: NDArray[np.int32] | None, rates: Floats | None, tell: Any,
    ) -> Population:
        """Train and judge the replicas of one wave."""
        recipe, plan = self.recipe, self.plan
        begin = self._start(seeds, start)
        rows, validation, judged = self.data
        rules, more, ended = stopping(recipe), {}, None  # type: Floats, dict[str, Any], Any
        if len(rules):
            ended = np.full(len(seeds), recipe.epochs, np.int32)
            more = {"stopping": rules, "ended": ended}
        loss, val_loss, final_loss, end = plan.program.train(
            rows=rows, validation=validation, judged=judged, steps=self.steps,
            seeds=np.asarray(seeds, np.uint64), start=begin, epochs=recipe.epochs,
            shuffle=recipe.shuffle, salt=recipe.order_salt % 2**64, rates=rates, order=order,
            threads=self.threads, kernel=self.kernel, progress=tell, **more,
        )
        if ended is not None:
            loss = held_on(loss, ended)
            val_loss = val_loss if validation is None else held_on(val_loss, ended)
        scheduled = epoch_rates(recipe)
        tell(len(seeds) * recipe.epochs)
        whole, keeps = self.yardstick.keeps_outputs, self.yardstick.keeps_codes
        coded = plan.code is not None and keeps and (whole or self.probes)
        names = [] if plan.code is None or not coded else [plan.code]
        shown, codes = self._look(end, self.watched, names if whole else [])
        if names and not whole:
            codes = self._look(end, self.watched[probed(len(self.watched))], names)[1]
        shown = recipe.unscaled(shown)
        score = self.yardstick.score(recipe, shown, final_loss)
        moments: dict[Moment, Readings] = {}
        if self.probes:
            moments = {"start": self._readings(begin), "end": self._readings(end)}
        return Population(
            seeds=seeds, loss=loss, val_loss=None if validation is None else val_loss,
            final_loss=final_loss, score=score, stopped=ended,
            metrics={} if scheduled is None else {
                "learning_rate": np.tile(scheduled, (len(seeds), 1))},
            outputs=shown if self.yardstick.keeps_outputs else None,
            codes=codes[0] if codes else None, code_layer=plan.code if codes else None,
            readings=moments, weights=self._named(end) if self.keep_weights else None,
            engine=NativeEngine.name,
            strategy=f"{self.kernel or kernels.available()[0]}, {self.threads} threads",
            block=16 * self.threads,
        )

    def _start(self, seeds: tuple[int, ...], start: Mapping[str, Array] | None) -> Floats:
        parts = []
        for weight in self.plan.network.weights:
            if start is not None and weight.path in start:
                value = np.asarray(start[weight.path], np.float32)
                if value.shape != (len(seeds), *weight.shape):
                    raise ValueError(f"start[{weight.path!r}] has the shape {value.shape}, not"
                                     f" {(len(seeds), *weight.shape)}")
            elif weight.kept is not None:
                value = np.broadcast_to(weight.kept, (len(seeds), *weight.shape))
            else:
                assert weight.initializer is not None
                value = initial_weights(
                    weight.initializer, weight.shape, seeds, weight.drawn_as)
            parts.append(value.reshape(len(seeds), -1))
        return np.ascontiguousarray(np.concatenate(parts, axis=1), np.float32)

    def _look(
        self, weights: Floats, x: Floats, names: Sequence[str]
    ) -> tuple[Floats, list[Floats]]:
        """Outputs of the network and of some layers, shaped [replica, row, …]."""
        signals = [self.plan.network.result, *(self.plan.network.outputs[n] for n in names)]
        flat, _ = self.plan.program.look(
            weights=weights, rows=kernels.Rows(x), wanted=[s.node for s in signals],
            gradients=False, threads=self.threads)
        shown = [a.reshape(*a.shape[:2], *s.shape) for a, s in zip(flat, signals, strict=True)]
        return shown[0], shown[1:]

    def _readings(self, weights: Floats) -> Readings:
        network, names = self.plan.network, self.plan.columns
        picked = self.watched[probed(len(self.watched))]
        outputs, _ = self.plan.program.look(
            weights=weights, rows=kernels.Rows(picked), gradients=False, threads=self.threads,
            wanted=[network.outputs[name].node for name in names])
        _, squares = self.plan.program.look(
            weights=weights, rows=self.gradient_rows, wanted=[], gradients=True,
            threads=self.threads)
        return readings(network, names, outputs, squares, weights)

    def _named(self, weights: Floats) -> dict[str, Array]:
        shapes = {w.path: w.shape for w in self.plan.network.weights}
        ends = np.cumsum([int(np.prod(shape)) for shape in shapes.values()])
        parts = np.split(weights, ends[:-1], axis=1)
        return {path: part.reshape(len(part), *shape)
                for (path, shape), part in zip(shapes.items(), parts, strict=True)}

