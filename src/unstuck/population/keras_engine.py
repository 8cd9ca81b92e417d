"""Any Keras model: many replicas at once through Keras's stateless API on JAX.

Three strategies, the best of which a few timed steps decide: `vmap` (replicas side by side in one
scan), `map` (one after another inside one compiled loop) and `steps` (a compiled step, replica by
replica: convolutions on a CPU are several times slower inside loops).
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
from numpy.typing import NDArray

from unstuck.errors import NotSupported
from unstuck.population import Engine, Population, Progress, Readings, Yardstick
from unstuck.population.draws import orders
from unstuck.population.keras_probes import Probes
from unstuck.population.keras_program import Program, State, program_key
from unstuck.recipe import Recipe

Array = NDArray[Any]

BLOCK_BYTES = 1 << 28
"""Most memory for one block of replicas: states, activations and batch orders."""
TINY = 200_000
"""Parameters × batch below which a step is all overhead, and `vmap` always wins."""
PROGRAMS_KEPT = 12
STRETCH = 64
"""Most epochs in one call of the compiled loop: between two calls Ctrl-C is answered."""


class KerasEngine(Engine):
    """See the module."""

    name = "keras"

    def __init__(self, *, strategy: str | None = None) -> None:
        """The strategy: the fastest, unless told."""
        self._strategy = strategy
        self._runners: OrderedDict[str, _Runner] = OrderedDict()
        self._strategies: dict[Any, str] = {}

    def refuses(self, recipe: Recipe) -> str | None:
        """Nothing is refused before it is built; building names what cannot be."""
        if recipe.train.rows == 0:
            return "no rows are left to train on after the validation split"
        return None

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
            raise NotSupported(f"{refused}.")
        begun = time.monotonic()
        runner = self._runner(recipe, yardstick)
        blocks = []
        size = runner.block
        for at in range(0, len(seeds), size):
            chosen = slice(at, at + size)
            tell = None if progress is None else _offset(progress, at, len(seeds))
            blocks.append(runner.train(
                recipe, list(seeds[chosen]), yardstick, probes=probes, keep_weights=keep_weights,
                progress=tell,
                start=None if start is None else {k: v[chosen] for k, v in start.items()},
                order=None if order is None else order[chosen],
            ))
        population = blocks[0]
        for block in blocks[1:]:
            population = population.joined(block)
        return replace(population, seconds=time.monotonic() - begun)

    def _runner(self, recipe: Recipe, yardstick: Yardstick) -> _Runner:
        key = f"{program_key(recipe)} {id(yardstick)}"
        if key not in self._runners:
            self._runners[key] = _Runner(recipe, self._strategies, self._strategy)
            if len(self._runners) > PROGRAMS_KEPT:
                self._runners.popitem(last=False)
        self._runners.move_to_end(key)
        return self._runners[key]


class _Runner:
    """A program mapped over a block of replicas of fixed size, compiled once."""

    def __init__(self, recipe: Recipe, strategies: dict[Any, str], strategy: str | None) -> None:
        self.program = Program(recipe)
        self._probes: Probes | None = None
        self.compile_seconds = 0.0
        self.strategy = strategy or self._choose(recipe, strategies)
        self.block = _block_size(self.program, self.strategy)
        self._jitted: dict[str, Callable[..., Any]] = {}

    def _choose(self, recipe: Recipe, known: dict[Any, str]) -> str:
        """The strategy, by a micro-benchmark where it is not plain; remembered by kinds of layers."""
        parameters = sum(int(np.prod(v.shape)) for v in self.program.model.trainable_variables)
        kinds = frozenset(layer.kind for layer in recipe.layers)
        plain = kinds <= {"InputLayer", "Dense", "Activation", "ReLU", "LeakyReLU", "Dropout",
                          "Flatten", "Rescaling", "Normalization", "Reshape", "GaussianNoise"}
        if plain and parameters * recipe.batch_size <= TINY:
            return "vmap"
        key = (kinds, parameters.bit_length(), recipe.batch_size)
        if key not in known:
            known[key] = _fastest(self.program)
        return known[key]

    def train(
        self, recipe: Recipe, seeds: list[int], yardstick: Yardstick, *, probes: bool,
        keep_weights: bool, progress: Progress | None, start: Mapping[str, Array] | None,
        order: NDArray[np.int32] | None,
    ) -> Population:
        count = len(seeds)
        compiled_before = self.compile_seconds
        short = self.block - count if self.strategy == "vmap" else 0
        # A short block is filled up: one more compilation would cost more than idle lanes.
        filled = seeds + [seeds[0]] * short
        state = self.program.initial_state(recipe, filled, _filled(start, short))
        probe = self._prober(yardstick) if probes else None
        readings: dict[str, Readings] = {}
        if probe is not None:
            readings["start"] = probe.as_readings(self._each("probe", probe.read, state)[:count])
        logs, val = [], []
        for begin, length in self._stretches(recipe):
            rows = recipe.train.rows
            if order is not None:
                stretch = np.concatenate([order[:, begin : begin + length],
                                          np.repeat(order[:1, begin : begin + length], short, 0)])
            elif recipe.shuffle:
                stretch = orders(filled, range(begin, begin + length), rows,
                                 salt=recipe.order_salt)
            else:
                shape = (len(filled), length, rows)
                stretch = np.broadcast_to(np.arange(rows, dtype=np.int32), shape)
            state, one, two = self._advance(recipe, state, stretch)
            logs.append(one[:count])
            val.append(two[:count])
            if progress is not None:
                progress((begin + length) * count, recipe.epochs * count)
        if probe is not None:
            readings["end"] = probe.as_readings(self._each("probe", probe.read, state)[:count])
        final = self._each("final", lambda s: self.program.evaluate(
            s, self.program.evaluated_data, self._eval_batch()), state)[:count]
        inputs = jax.tree.map(jnp.asarray, yardstick.inputs)
        outputs = jax.tree.map(
            lambda a: a[:count],
            self._each("predict", lambda s: self.program.predict(s, inputs), state))
        history = np.concatenate(logs, 1)
        names = self.program.metric_names
        score = yardstick.score(recipe, outputs)
        code = _code_layer(recipe) if probe is not None and yardstick.keeps_outputs else None
        return Population(
            seeds=tuple(seeds),
            loss=history[:, :, 0],
            val_loss=None if recipe.validation is None else np.concatenate(val, 1),
            metrics={name: history[:, :, i] for i, name in enumerate(names) if i},
            final_loss=np.asarray(final, np.float32),
            score=score,
            outputs=np.asarray(outputs, np.float32) if yardstick.keeps_outputs else None,
            codes=None if code is None or probe is None else np.asarray(
                self._each("code", lambda s: probe.outputs(s, code), state)[:count], np.float32),
            code_layer=code,
            readings=readings,  # type: ignore[arg-type]
            weights=self._weights(state, count) if keep_weights else None,
            engine=KerasEngine.name,
            strategy=self.strategy,
            compile_seconds=self.compile_seconds - compiled_before,
        )

    def _stretches(self, recipe: Recipe) -> list[tuple[int, int]]:
        """Epochs cut into stretches that fit into memory and let progress be told."""
        if self.strategy == "steps":
            return [(epoch, 1) for epoch in range(recipe.epochs)]
        return [(at, min(self._longest, recipe.epochs - at))
                for at in range(0, recipe.epochs, self._longest)]

    @property
    def _longest(self) -> int:
        """Epochs that one call has room for: the same for all recipes, so that they share it."""
        bytes_per_epoch = 4 * self.program.recipe.train.rows * self.block
        return max(1, min(STRETCH, BLOCK_BYTES // (4 * bytes_per_epoch)))

    def _advance(self, recipe: Recipe, state: State, order: Array) -> tuple[State, Array, Array]:
        """Train through a stretch; returns (state, logs [replica, epoch, metric], val [r, e])."""
        if self.strategy == "steps":
            return self._advance_by_steps(recipe, state, order)
        length = order.shape[1]
        padded = np.zeros((order.shape[0], self._longest, order.shape[2]), np.int32)
        padded[:, :length] = order
        state, logs, val = self._call("stretch", lambda: self._mapped(self._stretch), state, jnp.asarray(padded), jnp.full(order.shape[0], length))
        return state, np.asarray(logs)[:, :length], np.asarray(val)[:, :length]

    def _stretch(self, state: State, order: Any, length: Any) -> tuple[State, Any, Any]:
        program = self.program
        room = order.shape[0]
        logs = jnp.zeros((room, len(program.metric_names)), jnp.float32)
        val = jnp.zeros(room, jnp.float32)

        def body(carry: tuple[Any, ...]) -> tuple[Any, ...]:
            epoch, state, logs, val = carry
            one, state = program.epoch(state, order[epoch])
            logs = logs.at[epoch].set(one)
            if program.validation_data is not None:
                val = val.at[epoch].set(program.evaluate(
                    state, program.validation_data, program.recipe.batch_size))
            return epoch + 1, state, logs, val

        _, state, logs, val = jax.lax.while_loop(
            lambda carry: carry[0] < length, body, (jnp.int32(0), state, logs, val))
        return state, logs, val

    def _advance_by_steps(
        self, recipe: Recipe, state: State, order: Array
    ) -> tuple[State, Array, Array]:
        program, batch = self.program, recipe.batch_size
        after, logs, val = [], [], []
        for replica in range(order.shape[0]):
            one = jax.tree.map(lambda a, r=replica: a[r], state)
            seen = []
            for epoch in order[replica]:
                one = program._reset(one)
                values = None
                for at in range(0, len(epoch), batch):
                    values, one = self._call(
                        f"step {len(epoch[at : at + batch])}",
                        lambda: jax.jit(program.train_step, donate_argnums=0),
                        one, jnp.asarray(epoch[at : at + batch]))
                seen.append(np.asarray(values))
            logs.append(np.stack(seen))
            if program.validation_data is not None:
                loss = self._call("validate", lambda: jax.jit(
                    lambda s: program.evaluate(s, program.validation_data, self._eval_batch())),
                    one)
                val.append([np.asarray(loss)] * order.shape[1])
            else:
                val.append([np.float32(np.nan)] * order.shape[1])
            after.append(one)
        stacked = jax.tree.map(lambda *a: np.stack([np.asarray(b) for b in a]), *after)
        return stacked, np.stack(logs), np.asarray(val, np.float32)

    def _mapped(self, function: Callable[..., Any]) -> Callable[..., Any]:
        if self.strategy == "vmap":
            return jax.jit(jax.vmap(function), donate_argnums=0)
        return jax.jit(lambda *args: jax.lax.map(lambda one: function(*one), args),
                       donate_argnums=0)

    def _each(self, name: str, function: Callable[[State], Any], state: State) -> Any:
        """A function of the state for every replica; results [replica, …]."""
        if self.strategy == "vmap":
            return jax.tree.map(np.asarray, self._call(
                name, lambda: jax.jit(jax.vmap(function)), state))
        count = len(jax.tree.leaves(state)[0])
        parts = [
            jax.tree.map(np.asarray, self._call(
                name, lambda: jax.jit(function), jax.tree.map(lambda a, r=r: a[r], state)))
            for r in range(count)
        ]
        return jax.tree.map(lambda *a: np.stack(a), *parts)

    def _call(self, name: str, make: Callable[[], Callable[..., Any]], *arguments: Any) -> Any:
        """Call a jitted function by name; the first call's time counts as compilation."""
        if name in self._jitted:
            return self._jitted[name](*arguments)
        begun = time.monotonic()
        self._jitted[name] = make()
        result = jax.block_until_ready(self._jitted[name](*arguments))
        self.compile_seconds += time.monotonic() - begun
        return result

    def _prober(self, yardstick: Yardstick) -> Probes | None:
        if self._probes is None and Probes.possible(self.program):
            self._probes = Probes(self.program, yardstick.inputs)
        return self._probes

    def _eval_batch(self) -> int:
        return max(self.program.recipe.batch_size, 256)

    def _weights(self, state: State, count: int) -> dict[str, Array]:
        named = zip(self.program.paths, [*state[0], *state[1]], strict=True)
        return {path: np.asarray(value)[:count] for path, value in named}


def _block_size(program: Program, strategy: str) -> int:
    """Replicas in one block: a power of two that fits into `BLOCK_BYTES`."""
    if strategy != "vmap":
        return 16
    sizes = [int(np.prod(v.shape)) for part in program.shapes for v in part]
    width = sum(int(np.prod(layer.output_shape[1:])) for layer in program.recipe.layers
                if layer.output_shape and None not in layer.output_shape[1:])
    rows = program.recipe.train.rows
    one = 4 * (3 * sum(sizes) + 3 * width * program.recipe.batch_size + 2 * rows)
    size = 16
    while size < 64 and 2 * size * one <= BLOCK_BYTES:
        size *= 2
    return size


def _fastest(program: Program, *, lanes: int = 4, steps: int = 3) -> str:
    """Time a few steps of each strategy, per replica, compilation left out."""
    recipe = program.recipe
    rows = min(recipe.batch_size, recipe.train.rows)
    state = program.initial_state(recipe, range(lanes), None)
    order = np.tile(np.arange(rows, dtype=np.int32), (lanes, steps, 1))

    def scan(state: State, batches: Any) -> Any:
        return jax.lax.scan(lambda s, i: (program.train_step(s, i)[1], 0.0), state, batches)[0]

    candidates: dict[str, Callable[[], Any]] = {}
    one = jax.tree.map(lambda a: jnp.asarray(a[0]), state)
    single = jax.jit(program.train_step)
    candidates["steps"] = lambda: [single(one, order[0, i])[1] for i in range(steps)
                                   for _ in range(lanes)]
    side_by_side = jax.jit(jax.vmap(scan))
    candidates["vmap"] = lambda: side_by_side(state, order)
    in_a_row = jax.jit(lambda s, o: jax.lax.map(lambda pair: scan(*pair), (s, o)))
    candidates["map"] = lambda: in_a_row(state, order)
    taken = {}
    for name, candidate in candidates.items():
        jax.block_until_ready(candidate())
        begun = time.monotonic()
        jax.block_until_ready(candidate())
        taken[name] = time.monotonic() - begun
    return min(taken, key=taken.__getitem__)


def _code_layer(recipe: Recipe) -> str | None:
    """The narrowest hidden layer, if it is no wider than the input."""
    hidden = [(layer.config["units"], layer.name) for layer in recipe.layers[:-1]
              if layer.kind == "Dense"]
    if not hidden or recipe.several_inputs:
        return None
    units, name = min(hidden, key=lambda pair: pair[0])
    width = int(np.prod(keras.tree.flatten(recipe.x)[0].shape[1:]))
    return name if units <= width else None


def _filled(start: Mapping[str, Array] | None, short: int) -> dict[str, Array] | None:
    if start is None:
        return None
    return {k: np.concatenate([v, np.repeat(v[:1], short, 0)]) for k, v in start.items()}


def _offset(progress: Progress, done: int, replicas: int) -> Progress:
    def tell(at: int, of: int) -> None:
        per_replica = of / max(1, min(replicas - done, of))
        progress(done + int(at / max(per_replica, 1e-9)), replicas)

    return tell
