"""Torch's optimizers: their formulas, as classes of Keras's of the same names.

Their arguments keep Keras's names. `l2` is torch's `weight_decay` where that is added to the gradient;
`weight_decay` is the decoupled one of AdamW, which both have alike. `groups` are the parameters of
other groups than the first: for the path of each its share of the rate (`rate`), its `l2` and its
`weight_decay`. `momenta` are the momentum, or the first beta, of each update, where a scheduler sets
it; the last holds on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
from keras import ops


class _OfTorch:
    """What all of torch's optimizers share: L2 in the gradient, groups of parameters, and the norm that
    clips gradients."""

    def __init__(
        self, *, l2: float = 0.0, groups: Mapping[str, Mapping[str, float]] | None = None,
        momenta: Sequence[float] | None = None, **more: Any,
    ) -> None:
        super().__init__(**more)
        self.l2, self.groups = l2, dict(groups or {})
        self.momenta = list(momenta or ())

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """One update of one variable."""
        group = self.groups.get(variable.path, {})
        gradient = ops.cast(gradient, variable.dtype)
        l2 = group.get("l2", self.l2)
        if l2:
            gradient = gradient + l2 * variable
        rate = ops.cast(learning_rate, variable.dtype) * group.get("rate", 1.0)
        self._move(gradient, variable, rate)

    def momentum_now(self, usual: float) -> Any:
        """The momentum, or the first beta, of the update that is made."""
        if not self.momenta:
            return usual
        count = self.iterations  # type: ignore[attr-defined]
        at = ops.minimum(ops.cast(count, "int32"), len(self.momenta) - 1)
        return ops.take(ops.convert_to_tensor(self.momenta, "float32"), at)

    def _apply_weight_decay(self, variables: Any) -> None:
        """The decoupled decay, of each group by its own."""
        rate = self.learning_rate  # type: ignore[attr-defined]
        for variable in variables:
            group = self.groups.get(variable.path, {})
            decay = group.get("weight_decay", self.weight_decay)  # type: ignore[attr-defined]
            if decay:
                factor = ops.cast(rate, variable.dtype) * (group.get("rate", 1.0) * decay)
                variable.assign(variable - variable * factor)

    def _move(self, gradient: Any, variable: Any, rate: Any) -> None:
        raise NotImplementedError

    def _clip_gradients(self, grads: list[Any]) -> list[Any]:
        """As `clip_grad_norm_` and `clip_grad_value_` do it, before the step."""
        if self.global_clipnorm:  # type: ignore[attr-defined]
            given = [g for g in grads if g is not None]
            norm = ops.sqrt(sum(ops.sum(ops.square(g)) for g in given))
            scale = ops.minimum(self.global_clipnorm / (norm + 1e-6), 1.0)  # type: ignore[attr-defined]
            return [None if g is None else g * scale for g in grads]
        return super()._clip_gradients(grads)  # type: ignore[misc,no-any-return]

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        config: dict[str, Any] = super().get_config()  # type: ignore[misc]
        return {**config, "l2": self.l2, "groups": self.groups, "momenta": self.momenta}


def _registered(cls: Any) -> Any:
    return keras.saving.register_keras_serializable(package="unstuck")(cls)


@_registered
class SGD(_OfTorch, keras.optimizers.SGD):  # type: ignore[misc]
    """`torch.optim.SGD`: the rate is outside of the velocity, which begins with the first gradient."""

    def __init__(
        self, learning_rate: Any = 1e-3, momentum: float = 0.0, dampening: float = 0.0,
        **more: Any,
    ) -> None:
        super().__init__(learning_rate=learning_rate, momentum=momentum, **more)
        self.dampening = dampening

    def _move(self, gradient: Any, variable: Any, rate: Any) -> None:
        if self.momentum:
            velocity = self.momentums[self._get_variable_index(variable)]
            first, momentum = ops.equal(self.iterations, 0), self.momentum_now(self.momentum)
            moved = momentum * velocity + (1 - self.dampening) * gradient
            moved = ops.where(first, gradient, moved)
            self.assign(velocity, moved)
            gradient = gradient + momentum * moved if self.nesterov else moved
        self.assign_sub(variable, rate * gradient)

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return {**super().get_config(), "dampening": self.dampening}


@_registered
class Adam(_OfTorch, keras.optimizers.Adam):  # type: ignore[misc]
    """`torch.optim.Adam`: both averages are corrected, and epsilon is added to the corrected root."""

    def __init__(
        self, learning_rate: Any = 1e-3, epsilon: float = 1e-8, **more: Any
    ) -> None:
        super().__init__(learning_rate=learning_rate, epsilon=epsilon, **more)

    def _move(self, gradient: Any, variable: Any, rate: Any) -> None:
        step = ops.cast(self.iterations + 1, variable.dtype)
        at = self._get_variable_index(variable)
        m, v = self._momentums[at], self._velocities[at]
        beta = self.momentum_now(self.beta_1)
        self.assign_add(m, (gradient - m) * (1 - beta))
        self.assign_add(v, (ops.square(gradient) - v) * (1 - self.beta_2))
        second = v
        if self.amsgrad:
            second = self._velocity_hats[at]
            self.assign(second, ops.maximum(second, v))
        root = ops.sqrt(1 - ops.power(ops.cast(self.beta_2, variable.dtype), step))
        first = 1 - ops.power(ops.cast(beta, variable.dtype), step)
        self.assign_sub(variable, rate * root / first * m / (
            ops.sqrt(second) + self.epsilon * root))


@_registered
class AdamW(Adam):
    """`torch.optim.AdamW`."""

    def __init__(self, learning_rate: Any = 1e-3, weight_decay: float = 0.01, **more: Any) -> None:
        super().__init__(learning_rate=learning_rate, weight_decay=weight_decay, **more)


@_registered
class NAdam(Adam):
    """`torch.optim.NAdam` (Dozat 2016): the first average looks one update ahead.

    Args:
        momentum_decay: how fast the first beta comes up to its full size.
    """

    def __init__(
        self, learning_rate: Any = 2e-3, momentum_decay: float = 4e-3, **more: Any
    ) -> None:
        super().__init__(learning_rate=learning_rate, **more)
        self.momentum_decay = momentum_decay

    def build(self, variables: Any) -> None:
        """The averages, and for each variable the product of its momenta."""
        if self.built:
            return
        super().build(variables)
        self._products = [self.add_variable(shape=(), initializer="ones", name="momenta")
                          for _ in variables]

    def _move(self, gradient: Any, variable: Any, rate: Any) -> None:
        step = ops.cast(self.iterations + 1, variable.dtype)
        at = self._get_variable_index(variable)
        m, v, product = self._momentums[at], self._velocities[at], self._products[at]
        now, ahead = (self.beta_1 * (1 - 0.5 * ops.power(
            ops.cast(0.96, variable.dtype), one * self.momentum_decay)) for one in (step, step + 1))
        self.assign(product, product * now)
        self.assign_add(m, (gradient - m) * (1 - self.beta_1))
        self.assign_add(v, (ops.square(gradient) - v) * (1 - self.beta_2))
        second = 1 - ops.power(ops.cast(self.beta_2, variable.dtype), step)
        size = ops.sqrt(v / second) + self.epsilon
        self.assign_sub(variable, rate * ((1 - now) / (1 - product) * gradient
                                          + ahead / (1 - product * ahead) * m) / size)

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return {**super().get_config(), "momentum_decay": self.momentum_decay}


@_registered
class RAdam(Adam):
    """`torch.optim.RAdam` (Liu et al. 2019, arXiv 1908.03265): it adapts once that is sure enough."""

    def _move(self, gradient: Any, variable: Any, rate: Any) -> None:
        step = ops.cast(self.iterations + 1, variable.dtype)
        at = self._get_variable_index(variable)
        m, v = self._momentums[at], self._velocities[at]
        self.assign_add(m, (gradient - m) * (1 - self.beta_1))
        self.assign_add(v, (ops.square(gradient) - v) * (1 - self.beta_2))
        power = ops.power(ops.cast(self.beta_2, variable.dtype), step)
        first = 1 - ops.power(ops.cast(self.beta_1, variable.dtype), step)
        most = 2 / (1 - self.beta_2) - 1
        length = most - 2 * step * power / (1 - power)
        sure = ops.maximum(length, 5.0)
        rectified = ops.sqrt((sure - 4) * (sure - 2) * most / ((most - 4) * (most - 2) * sure))
        adapted = rectified * ops.sqrt(1 - power) / (ops.sqrt(v) + self.epsilon)
        self.assign_sub(variable, rate * m / first * ops.where(length > 5.0, adapted, 1.0))


@_registered
class RMSprop(_OfTorch, keras.optimizers.RMSprop):  # type: ignore[misc]
    """`torch.optim.RMSprop`: epsilon is added to the root."""

    def __init__(
        self, learning_rate: Any = 1e-2, rho: float = 0.99, epsilon: float = 1e-8,
        **more: Any,
    ) -> None:
        super().__init__(learning_rate=learning_rate, rho=rho, epsilon=epsilon, **more)

    def _move(self, gradient: Any, variable: Any, rate: Any) -> None:
        at = self._get_variable_index(variable)
        square = self._velocities[at]
        self.assign(square, self.rho * square + (1 - self.rho) * ops.square(gradient))
        spread = square
        if self.centered:
            average = self._average_gradients[at]
            self.assign(average, average + (gradient - average) * (1 - self.rho))
            spread = square - ops.square(average)
        step = gradient / (ops.sqrt(spread) + self.epsilon)
        if self.momentum:
            velocity = self._momentums[at]
            self.assign(velocity, self.momentum * velocity + step)
            step = velocity
        self.assign_sub(variable, rate * step)


@_registered
class Adagrad(_OfTorch, keras.optimizers.Adagrad):  # type: ignore[misc]
    """`torch.optim.Adagrad`: the squares begin at 0, epsilon is added to the root."""

    def __init__(
        self, learning_rate: Any = 1e-2, initial_accumulator_value: float = 0.0,
        epsilon: float = 1e-10, lr_decay: float = 0.0, **more: Any,
    ) -> None:
        super().__init__(learning_rate=learning_rate, epsilon=epsilon,
                         initial_accumulator_value=initial_accumulator_value, **more)
        self.lr_decay = lr_decay

    def _move(self, gradient: Any, variable: Any, rate: Any) -> None:
        rate = rate / (1 + ops.cast(self.iterations, variable.dtype) * self.lr_decay)
        squares = self._accumulators[self._get_variable_index(variable)]
        self.assign_add(squares, ops.square(gradient))
        self.assign_sub(variable, rate * gradient / (ops.sqrt(squares) + self.epsilon))

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return {**super().get_config(), "lr_decay": self.lr_decay}


@_registered
class Adadelta(_OfTorch, keras.optimizers.Adadelta):  # type: ignore[misc]
    """`torch.optim.Adadelta`."""

    def __init__(
        self, learning_rate: Any = 1.0, rho: float = 0.9, epsilon: float = 1e-6,
        **more: Any,
    ) -> None:
        super().__init__(learning_rate=learning_rate, rho=rho, epsilon=epsilon, **more)

    def _move(self, gradient: Any, variable: Any, rate: Any) -> None:
        keras.optimizers.Adadelta.update_step(self, gradient, variable, rate)


@_registered
class Adamax(_OfTorch, keras.optimizers.Adamax):  # type: ignore[misc]
    """`torch.optim.Adamax`: epsilon is added to the gradient's size before the larger is taken."""

    def __init__(
        self, learning_rate: Any = 2e-3, epsilon: float = 1e-8, **more: Any
    ) -> None:
        super().__init__(learning_rate=learning_rate, epsilon=epsilon, **more)

    def _move(self, gradient: Any, variable: Any, rate: Any) -> None:
        at = self._get_variable_index(variable)
        m, u = self._m[at], self._u[at]
        self.assign_add(m, (gradient - m) * (1 - self.beta_1))
        self.assign(u, ops.maximum(self.beta_2 * u, ops.abs(gradient) + self.epsilon))
        step = ops.cast(self.iterations + 1, variable.dtype)
        first = 1 - ops.power(ops.cast(self.beta_1, variable.dtype), step)
        self.assign_sub(variable, rate / first * m / u)


@_registered
class Rates(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]
    """The rate of each update as the script's scheduler set it; the last one holds on.

    Args:
        rates: one for each stretch of updates.
        every: how long a stretch is.
    """

    def __init__(self, rates: list[float], every: int = 1) -> None:
        self.rates, self.every = list(rates), every

    def __call__(self, step: Any) -> Any:
        """The rate of an update."""
        at = ops.minimum(ops.cast(step, "int32") // self.every, len(self.rates) - 1)
        return ops.take(ops.convert_to_tensor(self.rates, "float32"), at)

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return {"rates": self.rates, "every": self.every}
