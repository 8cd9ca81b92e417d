"""An optimizer of Keras's in the native engine's terms, and what it needs at each step.

What depends only on the step (schedules, powers of the betas) is computed here once, in float32 as
Keras does it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from unstuck.base.errors import NotSupported
from unstuck.network.recipe import Recipe
from unstuck.network.torch_numbers import is_torchs
from unstuck.network.torch_numbers import optimizers as torchs

from .kernels import Optimizer, OptimizerKind
from .rules import epoch_rates

Floats = NDArray[np.float32]

STEP_NUMBERS = 6
LEAST_CLIP = 0.1
"""Torch adds 1e-6 to the norm that it clips by: from here on that is a rounding (1 in 100,000)."""

OPTIMIZERS: dict[type, OptimizerKind] = {
    keras.optimizers.SGD: OptimizerKind.sgd,
    keras.optimizers.Adam: OptimizerKind.adam,
    keras.optimizers.AdamW: OptimizerKind.adam,
    keras.optimizers.Nadam: OptimizerKind.nadam,
    keras.optimizers.Adamax: OptimizerKind.adamax,
    keras.optimizers.RMSprop: OptimizerKind.rmsprop,
    keras.optimizers.Adagrad: OptimizerKind.adagrad,
    keras.optimizers.Adadelta: OptimizerKind.adadelta,
    torchs.SGD: OptimizerKind.sgd,
    torchs.Adam: OptimizerKind.adam,
    torchs.AdamW: OptimizerKind.adam,
}


def optimizer(recipe: Recipe) -> Optimizer:
    """The optimizer of a recipe. Raises NotSupported."""
    kind = OPTIMIZERS.get(recipe.optimizer.cls)
    if kind is None:
        raise NotSupported(f"The native engine has no optimizer {recipe.optimizer.kind}")
    config = recipe.optimizer.config
    for argument in ("use_ema", "loss_scale_factor", "gradient_accumulation_steps"):
        if config.get(argument):
            raise NotSupported(f"The native engine has no {argument} in {recipe.optimizer.kind}")
    _check_rate(config.get("learning_rate"))
    _check_torchs(recipe)

    def number(name: str, default: float = 0.0) -> float:
        value = config.get(name)
        return default if value is None else float(value)

    slots, constants = _constants(kind, number, bool(config.get("amsgrad")))
    return Optimizer(
        kind=kind, slots=slots, constants=constants, nesterov=bool(config.get("nesterov")),
        amsgrad=bool(config.get("amsgrad")), centered=bool(config.get("centered")),
        weight_decay=number("weight_decay"), clipnorm=number("clipnorm"),
        global_clipnorm=number("global_clipnorm"), clipvalue=number("clipvalue"),
        slot_start=number("initial_accumulator_value"),
    )


def _constants(
    kind: OptimizerKind, number: Callable[..., float], amsgrad: bool
) -> tuple[int, list[float]]:
    """How many numbers are kept for each weight, and the constants of the update."""
    rho, epsilon = number("rho"), number("epsilon")
    if kind == OptimizerKind.sgd:
        return (1 if number("momentum") else 0), [number("momentum")]
    if kind == OptimizerKind.adam:
        return 3 if amsgrad else 2, [1 - number("beta_1"), 1 - number("beta_2"), epsilon]
    if kind == OptimizerKind.nadam:
        rest = [float(np.float32(1) - np.float32(number(beta))) for beta in ("beta_1", "beta_2")]
        return 2, [*rest, epsilon]
    if kind == OptimizerKind.adamax:
        return 2, [1 - number("beta_1"), number("beta_2"), epsilon]
    if kind == OptimizerKind.rmsprop:
        return 3, [rho, 1 - rho, epsilon, number("momentum")]
    if kind == OptimizerKind.adagrad:
        return 1, [epsilon]
    return 2, [rho, 1 - rho, epsilon]


def _check_torchs(recipe: Recipe) -> None:
    """Refuse what torch computes otherwise than Keras, but for epsilon in Adam."""
    config, kind = recipe.optimizer.config, recipe.optimizer.kind
    if not is_torchs(recipe.optimizer.cls):
        return
    for argument in ("l2", "dampening", "groups", "momenta"):
        if config.get(argument):
            raise NotSupported(f"The native engine has no {argument} in torch's {kind}")
    if (config.get("global_clipnorm") or 1.0) < LEAST_CLIP:
        raise NotSupported(
            f"The native engine has no global_clipnorm below {LEAST_CLIP} in torch's {kind}")
    moves = isinstance(config["learning_rate"], dict) or recipe.rules.sets_rate
    if moves and config.get("momentum"):
        raise NotSupported("The native engine has no momentum of torch's under a schedule")


def _check_rate(rate: Any) -> None:
    if isinstance(rate, int | float | np.floating):
        return
    module = rate.get("module") if isinstance(rate, dict) else None
    if module != "keras.optimizers.schedules":
        raise NotSupported("The native engine has no learning rate that is a function of your own")


def step_numbers(recipe: Recipe, updates: int) -> Floats:
    """[update, number]: the learning rate, then what the optimizer's update needs (see C++)."""
    table = np.zeros((updates, STEP_NUMBERS), np.float32)
    rate = recipe.optimizer.config["learning_rate"]
    steps = np.arange(updates, dtype=np.int32)
    if isinstance(rate, dict):
        schedule = keras.optimizers.schedules.deserialize(dict(rate))
        table[:, 0] = np.asarray(keras.ops.vectorized_map(schedule, keras.ops.convert_to_tensor(
            steps)))
    else:
        table[:, 0] = rate
    scheduled = epoch_rates(recipe)
    if scheduled is not None:
        table[:, 0] = np.repeat(scheduled, recipe.updates_per_epoch)
    if recipe.loop is not None:  # one that learns nothing
        table[:, 0] = 0
    kind, config = OPTIMIZERS[recipe.optimizer.cls], recipe.optimizer.config
    one, t = np.float32(1), (steps + 1).astype(np.float32)
    if kind in (OptimizerKind.adam, OptimizerKind.nadam, OptimizerKind.adamax):
        beta_1, beta_2 = np.float32(config["beta_1"]), np.float32(config["beta_2"])
        if kind == OptimizerKind.adam:
            table[:, 1] = np.sqrt(one - beta_2**t)
            table[:, 2] = one - beta_1**t
            table[:, 3] = table[:, 1] if is_torchs(recipe.optimizer.cls) else one
        elif kind == OptimizerKind.adamax:
            table[:, 1] = one - beta_1**t
        else:
            decay, half = np.float32(0.96), np.float32(0.5)
            now, after = beta_1 * (one - half * decay**t), beta_1 * (one - half * decay ** (t + 1))
            product = np.multiply.accumulate(now, dtype=np.float32)
            table[:, 1:6] = np.stack(
                [now, after, one - product, one - product * after, one - beta_2**t], axis=1)
    return table
