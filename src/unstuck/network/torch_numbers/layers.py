"""Torch's layers where Keras's of the same name give other numbers, and what only torch has."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


def _registered(cls: Any) -> Any:
    return keras.saving.register_keras_serializable(package="unstuck")(cls)


@_registered
class BatchNormalization(keras.layers.BatchNormalization):  # type: ignore[misc]
    """`nn.BatchNorm*`: the running variance is n / (n - 1) times that of the batch."""

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Normalise; note the running averages where it is trained."""
        axes = [i for i in range(len(inputs.shape)) if i != self.axis % len(inputs.shape)]
        shape = [1] * len(inputs.shape)
        shape[self.axis] = inputs.shape[self.axis]
        if training:
            # Keras's moments take squares of the raw numbers, and lose digits where these are large; so
            # does a mean of many of them, which is put right by the mean of what is left.
            mean = ops.mean(inputs, axes)
            mean = mean + ops.mean(inputs - ops.reshape(mean, shape), axes)
            variance = ops.mean(ops.square(inputs - ops.reshape(mean, shape)), axes)
            count = 1
            for axis in axes:
                count = count * ops.shape(inputs)[axis]
            count = ops.cast(count, self.compute_dtype)
            keep = self.momentum
            self.moving_mean.assign(self.moving_mean * keep + mean * (1 - keep))
            unbiased = variance * count / ops.maximum(count - 1, 1)
            self.moving_variance.assign(self.moving_variance * keep + unbiased * (1 - keep))
        else:
            mean, variance = self.moving_mean, self.moving_variance
        scale = ops.rsqrt(variance + self.epsilon)
        out = (inputs - ops.reshape(mean, shape)) * ops.reshape(scale, shape)
        if self.scale:
            out = out * ops.reshape(self.gamma, shape)
        return out + ops.reshape(self.beta, shape) if self.center else out


@_registered
class Detach(keras.layers.Layer):  # type: ignore[misc]
    """`detach()`, `.data` or `no_grad` on the way: nothing before it gets a gradient by it.

    Args:
        cuts: whether it keeps gradients; without, it is nothing.
    """

    def __init__(self, cuts: bool = True, **more: Any) -> None:
        super().__init__(**more)
        self.cuts = cuts

    def call(self, inputs: Any) -> Any:
        """The same numbers, without a slope."""
        return ops.stop_gradient(inputs) if self.cuts else inputs

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return {**super().get_config(), "cuts": self.cuts}

    def compute_output_shape(self, shape: Any) -> Any:
        """The shape that it is given."""
        return shape


@_registered
class AddsToLoss(keras.layers.Layer):  # type: ignore[misc]
    """Terms of a loss that compare nothing with targets, such as a code's divergence from its prior."""

    def call(self, inputs: Any) -> Any:
        """What is handed on, as it is; the second input, of any shape, is added to the loss."""
        carried, term = inputs
        self.add_loss(ops.sum(term))
        return carried

    def compute_output_shape(self, shapes: Any) -> Any:
        """That of what is handed on."""
        return shapes[0]


@_registered
class RowsAsSteps(keras.layers.Layer):  # type: ignore[misc]
    """In front of and behind a recurrent layer without `batch_first`: rows and steps change places.

    Args:
        batch_first: whether they stay; then it is nothing.
    """

    def __init__(self, batch_first: bool = False, **more: Any) -> None:
        super().__init__(**more)
        self.batch_first = batch_first

    def call(self, inputs: Any) -> Any:
        """(rows, steps, …) as (steps, rows, …), or the other way round."""
        return inputs if self.batch_first else ops.swapaxes(inputs, 0, 1)

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return {**super().get_config(), "batch_first": self.batch_first}

    def compute_output_shape(self, shape: Any) -> Any:
        """The first two sizes in the other order."""
        return shape if self.batch_first else (shape[1], shape[0], *shape[2:])


@_registered
class Dense(keras.layers.Dense):  # type: ignore[misc]
    """`nn.Linear` made within `forward`: in every call it is drawn anew, and nothing of it is kept.

    Args:
        made_anew: whether it is; without, it is a layer like any other.
    """

    def __init__(self, units: int, made_anew: bool = True, **more: Any) -> None:
        super().__init__(units, **more)
        self.made_anew = made_anew
        self.draws = keras.random.SeedGenerator(0)

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """The layer on its inputs."""
        if not self.made_anew:
            return super().call(inputs)
        bound = float(inputs.shape[-1]) ** -0.5
        kernel = keras.random.uniform((inputs.shape[-1], self.units), -bound, bound, seed=self.draws)
        out = ops.matmul(inputs, kernel)
        if self.use_bias:
            out = out + keras.random.uniform((self.units,), -bound, bound, seed=self.draws)
        return out if self.activation is None else self.activation(out)

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return {**super().get_config(), "made_anew": self.made_anew}


@_registered
class Weight(keras.layers.Layer):  # type: ignore[misc]
    """An `nn.Parameter` that a network computes with by itself: what comes out is the parameter.

    Args:
        shape: its own; whatever the layer is called with is not read.
        initializer: what it is drawn as.
    """

    def __init__(self, shape: Any, initializer: Any = "zeros", **more: Any) -> None:
        super().__init__(**more)
        self._shape = tuple(shape)
        self._initializer = keras.initializers.get(initializer)

    def build(self, input_shape: Any) -> None:
        """The parameter."""
        self.value = self.add_weight(name="value", shape=self._shape, initializer=self._initializer)

    def call(self, inputs: Any) -> Any:
        """The parameter."""
        return ops.convert_to_tensor(self.value)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The parameter's."""
        return self._shape

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return {**super().get_config(), "shape": list(self._shape),
                "initializer": keras.initializers.serialize(self._initializer)}


@_registered
class Noise(keras.layers.Layer):  # type: ignore[misc]
    """`randn_like`, `rand_like` and their like within a network: numbers drawn anew in every call.

    In inference it puts out their mean.

    Args:
        shape: that of a row's numbers; of all of them where they are not drawn `by_row`.
        kind: "normal" or "uniform".
        low, high: of a uniform draw; the mean and the deviation of a normal one.
    """

    def __init__(
        self, shape: Any, kind: str = "normal", low: float = 0.0, high: float = 1.0,
        by_row: bool = True, **more: Any,
    ) -> None:
        super().__init__(**more)
        self._shape, self.kind, self.low, self.high = tuple(shape), kind, low, high
        self.by_row = by_row
        self.seed_generator = keras.random.SeedGenerator()

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """The numbers."""
        shape = (ops.shape(inputs)[0], *self._shape) if self.by_row else self._shape
        if not training:
            mean = self.low if self.kind == "normal" else (self.low + self.high) / 2
            return ops.full(shape, mean, dtype="float32")
        draw = getattr(keras.random, self.kind)
        return draw(shape, self.low, self.high, seed=self.seed_generator)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """That of the numbers."""
        return (input_shape[0], *self._shape) if self.by_row else self._shape

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return {**super().get_config(), "shape": list(self._shape), "kind": self.kind, "low": self.low,
                "high": self.high, "by_row": self.by_row}


@_registered
class Embedding(keras.layers.Embedding):  # type: ignore[misc]
    """`nn.Embedding(padding_idx=…)`: one word's numbers are zeros, and get no gradient.

    Args:
        padding_idx: the word.
    """

    def __init__(self, input_dim: int, output_dim: int, padding_idx: int = 0, **more: Any) -> None:
        super().__init__(input_dim, output_dim, **more)
        self.padding_idx = padding_idx

    def call(self, inputs: Any) -> Any:
        """The numbers of each word."""
        found = super().call(inputs)
        padded = ops.expand_dims(ops.equal(ops.cast(inputs, "int32"), self.padding_idx), -1)
        return ops.where(padded, ops.stop_gradient(found), found)

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return {**super().get_config(), "padding_idx": self.padding_idx}


class _TwoBiases:
    """A recurrent cell with a bias for its inputs and one for its state, as torch has them."""

    bias: Any
    use_bias: bool
    bias_initializer: Any
    bias_regularizer: Any
    add_weight: Any

    def build(self, input_shape: Any) -> None:
        """The weights, and the second bias."""
        super().build(input_shape)  # type: ignore[misc]
        if self.use_bias:
            self.recurrent_bias = self.add_weight(
                shape=self.bias.shape, name="recurrent_bias", initializer=self.bias_initializer,
                regularizer=self.bias_regularizer)

    @property
    def recurrent_bias_regularizer(self) -> Any:
        """That of the other bias."""
        return self.bias_regularizer

    @recurrent_bias_regularizer.setter
    def recurrent_bias_regularizer(self, given: Any) -> None:
        self.bias_regularizer = given

    def call(self, inputs: Any, states: Any, training: bool = False) -> Any:
        """One step, with the sum of the two biases."""
        if not self.use_bias:
            return super().call(inputs, states, training=training)  # type: ignore[misc]
        own = self.bias
        object.__setattr__(self, "bias", own + self.recurrent_bias)
        try:
            return super().call(inputs, states, training=training)  # type: ignore[misc]
        finally:
            object.__setattr__(self, "bias", own)


class _LSTMCell(_TwoBiases, keras.layers.LSTMCell):  # type: ignore[misc]
    pass


class _SimpleRNNCell(_TwoBiases, keras.layers.SimpleRNNCell):  # type: ignore[misc]
    pass


@_registered
class LSTM(keras.layers.LSTM):  # type: ignore[misc]
    """`nn.LSTM`: two biases, each trained by itself."""

    cell: Any

    def __init__(self, units: int, **more: Any) -> None:
        super().__init__(units, **more)
        config = {k: v for k, v in self.cell.get_config().items()
                  if k not in ("unit_forget_bias", "seed")}
        self.cell = _LSTMCell(**config, unit_forget_bias=False)

    def inner_loop(self, sequences: Any, initial_state: Any, mask: Any, training: bool = False) -> Any:
        """The steps one by one: there is no kernel with two biases."""
        return keras.layers.RNN.inner_loop(self, sequences, initial_state, mask, training=training)


@_registered
class SimpleRNN(keras.layers.SimpleRNN):  # type: ignore[misc]
    """`nn.RNN`: two biases, each trained by itself."""

    cell: Any

    def __init__(self, units: int, **more: Any) -> None:
        super().__init__(units, **more)
        config = {k: v for k, v in self.cell.get_config().items() if k != "seed"}
        self.cell = _SimpleRNNCell(**config)
