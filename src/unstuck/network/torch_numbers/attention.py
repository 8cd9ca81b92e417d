"""`nn.MultiheadAttention`, whose three products are one kernel's, with axes (steps, rows, features)."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="unstuck")
class MultiHeadAttention(keras.layers.Layer):  # type: ignore[misc]
    """Scaled dot-product attention (Vaswani et al. 2017, arXiv 1706.03762) of several heads.

    It is called with queries, keys and values, and perhaps with what is added to the scores (minus
    infinity where nothing may be read), of a shape that stretches to (rows, heads, steps, keys), and
    with the masks of its dropout, of that shape.

    Args:
        units: how many numbers a step has.
        heads: how many parts they are split into.
        rate: the share of weights that is dropped in training.
        use_bias: whether the products have biases.
        kernel_initializer, bias_initializer: of the products of queries, keys and values.
        out_kernel_initializer, out_bias_initializer: of the last product.
    """

    def __init__(
        self, units: int, heads: int, rate: float = 0.0, use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform", bias_initializer: Any = "zeros",
        out_kernel_initializer: Any = "glorot_uniform", out_bias_initializer: Any = "zeros",
        **more: Any,
    ) -> None:
        super().__init__(**more)
        self.units, self.heads, self.rate, self.use_bias = units, heads, rate, use_bias
        self._draws = {
            "kernel_initializer": keras.initializers.get(kernel_initializer),
            "bias_initializer": keras.initializers.get(bias_initializer),
            "out_kernel_initializer": keras.initializers.get(out_kernel_initializer),
            "out_bias_initializer": keras.initializers.get(out_bias_initializer)}
        if rate:
            self.seed_generator = keras.random.SeedGenerator()

    def build(
        self, query_shape: Any, key_shape: Any, value_shape: Any, added_shape: Any = None,
        kept_shape: Any = None,
    ) -> None:
        """The two kernels, and their biases."""
        units = self.units
        shapes: dict[str, tuple[int, ...]] = {
            "kernel": (units, 3 * units), "out_kernel": (units, units)}
        if self.use_bias:
            shapes |= {"bias": (3 * units,), "out_bias": (units,)}
        for name, shape in shapes.items():
            setattr(self, name, self.add_weight(
                name=name, shape=shape, initializer=self._draws[f"{name}_initializer"]))

    def call(
        self, query: Any, key: Any, value: Any, added: Any = None, kept: Any = None,
        training: bool | None = None,
    ) -> Any:
        """What is read, of the shape of the queries."""
        each = self.units // self.heads

        def product(x: Any, at: int) -> Any:
            begin, end = at * self.units, (at + 1) * self.units
            out = ops.matmul(x, self.kernel[:, begin:end])
            if self.use_bias:
                out = out + self.bias[begin:end]
            steps, rows = ops.shape(x)[:2]
            return ops.transpose(ops.reshape(out, (steps, rows, self.heads, each)), (1, 2, 0, 3))

        q, k, v = product(query, 0), product(key, 1), product(value, 2)
        scores = ops.matmul(q * each**-0.5, ops.transpose(k, (0, 1, 3, 2)))
        shares = ops.softmax(scores if added is None else scores + added, axis=-1)
        if kept is not None:
            shares = shares * kept
        elif training and self.rate:
            shares = keras.random.dropout(shares, self.rate, seed=self.seed_generator)
        read = ops.reshape(ops.transpose(ops.matmul(shares, v), (2, 0, 1, 3)), ops.shape(query))
        out = ops.matmul(read, self.out_kernel)
        return out + self.out_bias if self.use_bias else out

    def compute_output_shape(self, query_shape: Any, *others: Any) -> Any:
        """That of the queries."""
        return query_shape

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        drawn = {name: keras.initializers.serialize(one) for name, one in self._draws.items()}
        return {**super().get_config(), "units": self.units, "heads": self.heads, "rate": self.rate,
                "use_bias": self.use_bias, **drawn}
