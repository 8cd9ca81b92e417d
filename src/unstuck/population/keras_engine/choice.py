"""Which strategy trains a program, and how many replicas go into one block.

Small dense networks go side by side, a step of theirs being all overhead; sizeable convolutions go
step by step. For the rest each strategy that can still win trains a few batches, and the fastest
is taken; where no clock may decide, what is likely to be.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace

import jax
import numpy as np

from .program import Program, as_rows
from .strategies import STRATEGIES, SideBySide, StepByStep, Strategy

BLOCK_BYTES = 1 << 28
"""Most memory for one block of replicas: states, activations and batch orders. For CPUs, whose caches
it spares; an accelerator gives a share of its own memory."""
BLOCK_SHARE = 4
"""The part of an accelerator's memory that a block may take: one in so many."""
LANES, TINY_LANES, ACCELERATED_LANES = 16, 32, 64
"""Most replicas in a block side by side, of most networks, of tiny ones, and on an accelerator.

More gain little, and short blocks would waste them.
"""
BLOCK_SECONDS = 4.0
"""Longest that a block side by side should take: the first look at a change takes a block at least."""
MANY = 2_000
"""Updates from which the time of those is worth measuring that are all overhead."""
IN_A_ROW = 1
"""Replicas in a block of the other strategies, which gain nothing by more."""
TINY = 200_000
"""Weights × rows of a batch below which a step of a dense network is all overhead."""
PLAIN = frozenset({
    "InputLayer", "Dense", "Activation", "ReLU", "LeakyReLU", "ELU", "PReLU", "Softmax", "Dropout",
    "GaussianNoise", "Flatten", "Reshape", "Rescaling", "Normalization", "BatchNormalization",
    "LayerNormalization", "Add", "Subtract", "Multiply", "Concatenate",
})
"""Layers that lose nothing side by side."""
CONVOLVED = 300_000
"""Multiplications in the convolutions of one forward pass of a batch from which loops lose."""
RECURRED = 2_000_000
"""Multiplications of a forward pass from which networks with recurrent layers lose side by side."""
OVERHEAD_ONLY = "vmap: small dense layers"
LOOPED, OTHERS = "steps: layers that lose in a loop", "vmap: layers that lose nothing side by side"
STEPS = 4
"""Updates of each replica in a measurement."""
MARGIN = 1.25
"""How much faster than `vmap` another strategy must be: near ties go the same way every time."""
OVERHEAD = 3e-4
"""Seconds by which a step in a compiled loop may be cheaper: all that `map` gains on `steps`."""
ALIKE = 16
"""Networks of the same kinds of layers share a choice where one has at most so many times the work of
the other: measuring anew takes seconds, for each width and batch that is tried."""
LOOP_SAVES, LOOPS_COMPILE, USUAL_REPLICAS = 0.5, 4.0, 64
"""Of recurrent and convolutional networks on a CPU: the share of a replica's time that another strategy
saves at best, how many times as long as a step the others take to compile, and how many replicas of an
arm are trained where that is quick (measured on an LSTM: 0.34 ms and 2.9 s by steps, 0.19 ms and 8 s
side by side, 0.29 ms and 5.3 s in a row)."""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A strategy's name, in a phrase why it was taken, and seconds of an update if it was timed."""

    name: str
    phrase: str
    seconds: float | None = None


@dataclass(frozen=True, kw_only=True)
class Known:
    """What was chosen for a network of so much work in an update (multiplications)."""

    work: int
    choice: Choice

    def ratio(self, work: int) -> float:
        """How many times more, or less, that work is."""
        return max(work / self.work, self.work / work)

    def scaled(self, work: int) -> Choice:
        """The choice for that work; of small networks an update's cost grows less than its work."""
        if self.choice.seconds is None or work <= self.work:
            return self.choice
        return replace(self.choice, seconds=self.choice.seconds * math.sqrt(work / self.work))


def choose(
    program: Program, known: dict[frozenset[str], list[Known]], *, timed: bool = True
) -> tuple[Strategy, Choice]:
    """The strategy for a program; `known` remembers what was measured on networks of that kind.

    Where it is not to be `timed`, the recipe alone decides, so that every process takes the same.
    """
    recipe = program.recipe
    kinds = frozenset(layer.kind for layer in recipe.layers)
    if is_tiny(program):
        if recipe.updates <= MANY or not timed:
            return SideBySide(program), Choice(name="vmap", phrase=OVERHEAD_ONLY)
        key, work = frozenset({*kinds, f"{_weights(program).bit_length() // 2}", f"{program.batch}"}), 1
    elif jax.default_backend() == "cpu" and _convolved(program) > CONVOLVED:
        return StepByStep(program), Choice(name="steps", phrase="steps: sizeable convolutions")
    elif (jax.default_backend() == "cpu" and any(layer.is_recurrent for layer in recipe.layers)
            and _work(program) > RECURRED):
        return StepByStep(program), Choice(name="steps", phrase="steps: sizeable recurrent layers")
    elif not timed:
        return _untimed(program)
    else:
        # What is put around the layers that count, another width or batch, decides nothing anew.
        key, work = kinds - PLAIN, _work(program)
    alike = [one for one in known.get(key, ()) if one.ratio(work) <= ALIKE]
    if alike:
        choice = min(alike, key=lambda one: one.ratio(work)).scaled(work)
        return STRATEGIES[choice.name](program), choice
    tried, choice = _overhead(program) if is_tiny(program) else _measured(program)
    known.setdefault(key, []).append(Known(work=work, choice=choice))
    return tried, choice


def _untimed(program: Program) -> tuple[Strategy, Choice]:
    if jax.default_backend() == "cpu" and _loses_in_loops(program):
        return StepByStep(program), Choice(name="steps", phrase=LOOPED)
    try:
        strategy = SideBySide(program)
        seconds_per_update(strategy)
    except NotImplementedError:  # a kernel that JAX cannot map over replicas
        return StepByStep(program), Choice(name="steps", phrase="steps: layers that cannot be mapped")
    return strategy, Choice(name="vmap", phrase=OTHERS)


def _loses_in_loops(program: Program) -> bool:
    return any(layer.is_recurrent or "Conv" in layer.kind for layer in program.recipe.layers)


def _overhead(program: Program) -> tuple[Strategy, Choice]:
    plain = SideBySide(program)
    return plain, Choice(name="vmap", phrase=OVERHEAD_ONLY, seconds=seconds_per_update(plain))


def _measured(program: Program) -> tuple[Strategy, Choice]:
    tried = {name: STRATEGIES[name](program) for name in ("vmap", "steps")}
    taken = {"steps": seconds_per_update(tried["steps"])}
    if _not_worth_more(program, tried["steps"], taken["steps"]):
        phrase = (f"steps: {1e3 * taken['steps']:.2g} ms an update of a replica; to compile others"
                  " would take longer than they save")
        return tried["steps"], Choice(name="steps", phrase=phrase, seconds=taken["steps"])
    try:
        taken["vmap"] = seconds_per_update(tried["vmap"])
    except NotImplementedError:  # a kernel that JAX cannot map over replicas
        taken["vmap"] = math.inf
    # Where even a step without any overhead would lose, a compiled loop of such steps loses too.
    if taken["steps"] - OVERHEAD < min(taken["vmap"], taken["steps"] / MARGIN):
        tried["map"] = STRATEGIES["map"](program)
        taken["map"] = seconds_per_update(tried["map"])
    others = sorted((name for name in taken if name != "vmap"), key=taken.__getitem__)
    best = others[0] if taken[others[0]] * MARGIN < taken["vmap"] else "vmap"
    rest = ", ".join(f"{name} {1e3 * seconds:.2g}" for name, seconds in sorted(taken.items())
                     if name != best and math.isfinite(seconds))
    phrase = f"{best}: {1e3 * taken[best]:.2g} ms an update of a replica ({rest})"
    return tried[best], Choice(name=best, phrase=phrase, seconds=taken[best])


def _not_worth_more(program: Program, steps: Strategy, each: float) -> bool:
    """True where loops of recurrent or convolutional steps cost more to compile than they save."""
    saved = LOOP_SAVES * each * program.recipe.updates * USUAL_REPLICAS
    return (jax.default_backend() == "cpu" and _loses_in_loops(program)
            and saved < LOOPS_COMPILE * steps.compile_seconds)


def seconds_per_update(strategy: Strategy) -> float:
    """Time of one update of one replica, compilation left out.

    The strategy is called with the shapes of a real training, so that what it compiles is not lost.
    """
    program = strategy.program
    recipe = program.recipe
    data = as_rows(recipe.train)
    lanes = block_size(program, strategy)
    state = program.initial_state(recipe, range(lanes), None)
    order = np.zeros((lanes, strategy.room, recipe.rows_per_epoch), np.int32)
    order[:] = np.arange(recipe.rows_per_epoch)
    held = strategy.place(state)
    held, *_ = strategy.advance(held, order, 1, data, None, most=1)
    updates = min(STEPS, recipe.updates_per_epoch)
    begun = time.perf_counter()
    held, logs, _ = strategy.advance(held, order, 1, data, None, most=updates)
    jax.block_until_ready((held, logs))  # type: ignore[no-untyped-call]
    return (time.perf_counter() - begun) / updates / lanes


def block_size(program: Program, strategy: Strategy, *, seconds: float | None = None) -> int:
    """Replicas in one block: a power of two on each device, as many as fit there, or one in all.

    Fewer where `seconds`, what an update of a replica takes, makes a block of them too long.
    """
    if not isinstance(strategy, SideBySide):
        return IN_A_ROW
    state = sum(int(np.prod(v.shape)) for part in program.shapes for v in part)
    recipe = program.recipe
    width = sum(_size(layer.output_shape) for layer in recipe.layers)
    one = 4 * (3 * state + 3 * width * program.batch + strategy.room * recipe.rows_per_epoch)
    size = TINY_LANES if is_tiny(program) else LANES
    if jax.default_backend() != "cpu":
        size = ACCELERATED_LANES
    devices = jax.local_device_count()
    each = devices * recipe.updates * (seconds or 0.0)
    while size > 1 and (size * one > _room() or size * each > BLOCK_SECONDS):
        size //= 2
    return size * devices


def _room() -> int:
    """Bytes of a device for one block of replicas."""
    memory = jax.local_devices()[0].memory_stats() or {}
    return max(BLOCK_BYTES, int(memory.get("bytes_limit", 0)) // BLOCK_SHARE)


def is_tiny(program: Program) -> bool:
    """True for dense networks whose steps are all overhead."""
    kinds = frozenset(layer.kind for layer in program.recipe.layers)
    return kinds <= PLAIN and _weights(program) * program.batch <= TINY


def _weights(program: Program) -> int:
    return sum(int(np.prod(v.shape)) for v in program.model.trainable_variables)


def _work(program: Program) -> int:
    """Multiplications of one forward pass of a batch, roughly.

    A recipe tells those of the user's widths; they grow with the weights.
    """
    recipe = program.recipe
    weights = sum(layer.parameters for layer in recipe.layers)
    return max(1, recipe.multiplications * _weights(program) // max(1, weights))


def _convolved(program: Program) -> int:
    """Multiplications in the convolutions of a batch: each weight is used at every position."""
    return program.batch * sum(
        layer.parameters * _size(layer.output_shape[:-1])
        for layer in program.recipe.layers if "Conv" in layer.kind
    )


def _size(shape: tuple[int | None, ...]) -> int:
    """Numbers of one row; axes of unknown length count once."""
    return math.prod(n or 1 for n in shape[1:]) if shape else 0
