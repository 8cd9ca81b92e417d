"""What the machine computes is what JAX computes, family by family, on every instruction set."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from unstuck.base.errors import NotSupported
from unstuck.population.program_engine import machine
from unstuck.population.program_engine.program import Traced

Array = Any
CASES: dict[str, tuple[Callable[..., Any], tuple[Array, ...], float]] = {}
"""By name: a function of arrays, arrays, and how far apart the results may be."""


def case(name: str, *arrays: Array, tolerance: float = 2e-6) -> Callable[[Any], Any]:
    """Register a function of those arrays."""

    def register(function: Any) -> Any:
        CASES[name] = function, arrays, tolerance
        return function

    return register


def normal(*shape: int, seed: int = 0) -> Array:
    """Standard normal numbers."""
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def whole(*shape: int, low: int = -9, high: int = 9, seed: int = 1) -> Array:
    """Whole numbers."""
    return np.random.default_rng(seed).integers(low, high, shape).astype(np.int32)


LINE = np.concatenate(
    [np.linspace(-6, 6, 997), [0.0, -0.0, np.inf, -np.inf, np.nan, 1e-30, 3e38]]
).astype(np.float32)
UNIT = np.linspace(-0.9999, 0.9999, 1003).astype(np.float32)
COUNT = whole(70), whole(70, low=1)
ELEMENTWISE: tuple[tuple[str, tuple[Array, ...], float], ...] = (
    (
        "neg abs sign floor ceil exp exp2 expm1 tanh logistic erf erfc is_finite sin cos atan sinh cosh"
        " asinh cbrt square",
        (LINE,),
        5e-6,
    ),
    ("log sqrt rsqrt lgamma digamma", (np.abs(LINE) + np.float32(1e-3),), 1e-5),
    ("log1p erf_inv asin acos atanh tan", (UNIT,), 1e-5),
    ("add sub mul div max min rem atan2 nextafter eq ne lt le gt ge", (LINE, np.roll(LINE, 5)), 2e-6),
    (
        "add sub mul div max min rem eq lt ge bitwise_and bitwise_xor shift_left shift_right_logical"
        " shift_right_arithmetic",
        COUNT,
        0.0,
    ),
    (
        "div max min rem lt ge shift_left shift_right_logical",
        tuple(a.view(np.uint32) for a in COUNT),
        0.0,
    ),
)
"""Functions of `lax`, what they are tried on, and how far apart the results may be."""
for _names, _arrays, _tolerance in ELEMENTWISE:
    for _name in _names.split():
        CASES[f"{_name} {_arrays[0].dtype}"] = getattr(lax, _name), _arrays, _tolerance


@case("powers", np.abs(LINE[:900]) + np.float32(0.1), tolerance=1e-5)
def _(x: Any) -> Any:
    return x**3, x**-2, x**7, x**1.5, jnp.round(x), lax.round(x, lax.RoundingMethod.AWAY_FROM_ZERO)


@case("conversions", LINE[:990] * 100, whole(50))
def _(x: Any, n: Any) -> Any:
    return (
        x.astype(jnp.int32),
        x != 0,
        n.astype(jnp.float32),
        n.astype(bool),
        (x > 0).astype(jnp.float32),
        jnp.abs(x).astype(jnp.uint32),
        lax.bitcast_convert_type(n, jnp.float32) * 0 == 0,
    )


@case("choices", normal(40, 3), whole(40, 3, low=0, high=3))
def _(x: Any, n: Any) -> Any:
    return (
        jnp.where(n > 1, x, -x),
        lax.select_n(n, x, x * 2, x * 3),
        jnp.clip(x, -0.5, 0.7),
        ~(n > 0) & (x > 0) | (n == 2),
        lax.population_count(n),
        lax.clz(n),
    )


@case("broadcast", normal(5, 1, 7), normal(4, 1), normal(7))
def _(x: Any, y: Any, z: Any) -> Any:
    return x + y * z, (x * z).T - y.T[..., None], jnp.broadcast_to(z, (3, 7)) * 2


@case("shapes", normal(4, 6, 5), normal(4, 2, 5))
def _(x: Any, y: Any) -> Any:
    return (
        x.reshape(6, 20) * 2,
        x.transpose(2, 0, 1).reshape(5, 24),
        x[1:, ::2, 3] + 1,
        x[:, ::-1] * 3,
        jnp.concatenate([x, y], 1),
        jnp.stack([x, x * 2], 1),
        jnp.pad(x, ((1, 2), (0, 0), (3, 0))),
        lax.pad(x, 7.0, ((-1, 2, 1), (0, -2, 0), (1, 1, 2))),
        jnp.repeat(x, 3, 1),
        jnp.tile(x, (2, 1, 3)),
        jnp.split(x, 3, 1),
        jnp.arange(12).reshape(3, 4) + jnp.arange(3)[:, None],
        x[..., None] + y[:, :1, :, None],
    )


@case("sums", normal(7, 33, 18), whole(7, 33, 18), tolerance=1e-5)
def _(x: Any, n: Any) -> Any:
    return (
        x.sum(),
        x.sum(0),
        x.sum(1),
        x.sum(2),
        x.sum((0, 2)),
        x.sum((0, 1)),
        x.max(2),
        x.min(0),
        x.max((0, 2)),
        n.sum(1),
        n.max(0),
        n.min(2),
        (n > 8).any(1),
        (n > -9).all(2),
        (x[:, :4] / 2).prod(1),
        x.T.sum(0),
        x.transpose(1, 2, 0).max(1),
        x.mean(),
        x.var(1),
    )


@case("places", normal(6, 17, 3), whole(6, 17, 3))
def _(x: Any, n: Any) -> Any:
    return (
        x.argmax(1),
        x.argmin(-1),
        n.argmax(0),
        jnp.sort(x, 1),
        jnp.argsort(n, 1),
        lax.top_k(x[..., 0], 4),
        lax.sort((n, x), num_keys=1, dimension=0),
    )


@case("cumulated", normal(4, 9, 3), whole(4, 9))
def _(x: Any, n: Any) -> Any:
    return (
        jnp.cumsum(x, 1),
        jnp.cumprod(x, 2),
        lax.cummax(x, 0),
        lax.cummin(x, 1, reverse=True),
        jnp.cumsum(n, 1),
        lax.cumlogsumexp(x, 1),
        lax.cumsum(x, 1, reverse=True),
    )


@case(
    "products",
    normal(9, 37),
    normal(37, 21),
    normal(5, 9, 37),
    normal(5, 37, 3),
    normal(300, 7),
    tolerance=1e-5,
)
def _(a: Any, b: Any, c: Any, d: Any, e: Any) -> Any:
    return (
        a @ b,
        b.T @ a.T,
        c @ d,
        jnp.einsum("bij,bjk->kbi", c, d),
        jnp.einsum("bij,ij->b", c, a),
        a @ b[:, 0],
        e.T @ e,
        jnp.einsum("bij,kj->bki", c, a),
        a[:, :1] @ b[:1],
        jnp.tensordot(c, d, ((0, 2), (0, 1))),
    )


@case("long_products", normal(70, 900), normal(900, 70), tolerance=3e-5)
def _(a: Any, b: Any) -> Any:
    return a @ b, a[:3] @ b[:, :5], b.T @ b


def _conv(x: Any, w: Any, places: int, **how: Any) -> Any:
    letters = "DHW"[3 - places :]
    numbers = (f"N{letters}C", f"{letters}IO", f"N{letters}C")
    how = {"window_strides": (1,) * places, "padding": "SAME", **how}
    return lax.conv_general_dilated(x, w, dimension_numbers=numbers, **how)


def _three_ways(name: str, x: Array, w: Array, places: int, **how: Any) -> None:
    """A convolution, and its derivatives by the input and by the kernel."""

    def both(x: Any, w: Any) -> Any:
        y = _conv(x, w, places, **how)
        return y, jax.grad(lambda x, w: (_conv(x, w, places, **how) ** 2).sum(), (0, 1))(x, w)

    case(name, x, w, tolerance=3e-5)(both)


_three_ways("conv", normal(8, 6, 9, 3), normal(3, 3, 3, 7), 2)
_three_ways("conv_odd_batch", normal(3, 5, 7, 2), normal(2, 3, 2, 13), 2)
_three_ways("conv_strided", normal(4, 9, 8, 3), normal(3, 3, 3, 5), 2, window_strides=(2, 2))
_three_ways("conv_valid", normal(4, 9, 8, 3), normal(3, 2, 3, 5), 2, padding="VALID")
_three_ways("conv_dilated", normal(4, 9, 8, 3), normal(3, 3, 3, 5), 2, rhs_dilation=(2, 2))
_three_ways(
    "conv_transposed",
    normal(4, 5, 6, 3),
    normal(3, 3, 3, 5),
    2,
    lhs_dilation=(2, 2),
    padding=((1, 2), (2, 1)),
)
_three_ways("conv_grouped", normal(4, 6, 6, 6), normal(3, 3, 3, 4), 2, feature_group_count=2)
_three_ways("conv_depthwise", normal(4, 6, 6, 3), normal(3, 3, 1, 6), 2, feature_group_count=3)
_three_ways("conv_line", normal(4, 11, 3), normal(4, 3, 5), 1, window_strides=(3,))
_three_ways("conv_causal", normal(4, 11, 3), normal(2, 3, 5), 1, padding=((4, 0),), rhs_dilation=(4,))
_three_ways("conv_volume", normal(2, 4, 5, 6, 2), normal(3, 2, 3, 2, 3), 3, window_strides=(1, 2, 1))
_three_ways("conv_point", normal(8, 6, 9, 16), normal(1, 1, 16, 1), 2)
_three_ways("conv_whole", normal(4, 5, 5, 3), normal(5, 5, 3, 4), 2, padding="VALID")


def _pooled(x: Any, window: Any, strides: Any, padding: str) -> Any:
    return lax.reduce_window(x, -jnp.inf, lax.max, window, strides, padding)


@case("pooling", normal(4, 8, 9, 3), tolerance=1e-5)
def _(x: Any) -> Any:
    way = (1, 2, 2, 1), (1, 2, 2, 1)
    overlapping = (1, 3, 3, 1), (1, 2, 1, 1)

    def both(x: Any) -> Any:
        return (
            (_pooled(x, *way, "VALID") ** 2).sum()
            + (_pooled(x, *overlapping, "SAME") ** 3).sum()
            + (lax.reduce_window(x, 0.0, lax.add, *way, "SAME") ** 2).sum()
        )

    return both(x), jax.grad(both)(x), _pooled(jnp.round(x), *overlapping, "SAME")


@case("lookups", normal(11, 4), whole(6, 3, low=0, high=11), whole(5, low=-3, high=14))
def _(x: Any, n: Any, far: Any) -> Any:
    return (
        x[n],
        jnp.take(x, n, 1, mode="clip"),
        x[far],
        x[n, 1],
        jnp.take_along_axis(x[:6], n % 4, 1),
        x.at[n].add(1.5),
        x.at[far].set(2.0),
        x.at[n, 2].mul(3.0),
        x.at[far].max(0.1, mode="drop"),
        lax.dynamic_slice(x, (far[0], 1), (3, 2)),
        lax.dynamic_update_slice(x, x[:2, :2] * 9, (far[1], 3)),
        jax.grad(lambda x: (x[n] ** 2).sum())(x),
    )


@case("randomness", np.array([7, 2**31 + 5], np.uint32), np.uint32(19))
def _(key: Any, number: Any) -> Any:
    one, two = jax.random.split(key)
    return (
        jax.random.bits(key, (7, 5)),
        jax.random.uniform(one, (300,)),
        jax.random.bernoulli(two, 0.3, (40, 3)),
        jax.random.fold_in(key, number),
        jax.random.key_data(jax.random.key(number)),
        jax.random.randint(key, (9,), 0, 100),
        jax.random.split(key, 5),
        jax.random.permutation(one, 12),
    )


@case("normal_numbers", np.array([3, 4], np.uint32), tolerance=1e-5)
def _(key: Any) -> Any:
    return jax.random.normal(key, (500,)), jax.random.truncated_normal(key, -2.0, 2.0, (300,))


@case("loops", normal(6, 4), normal(4, 4), tolerance=1e-5)
def _(xs: Any, w: Any) -> Any:
    def step(carry: Any, x: Any) -> Any:
        a, b = carry
        a = jnp.tanh(a @ w + x)
        return (b, a), (a * 2, b)

    def run(w: Any) -> Any:
        return lax.scan(step, (xs[0], xs[1] * 2), xs)

    def total(w: Any) -> Any:
        return sum((leaf**2).sum() for leaf in jax.tree.leaves(lax.scan(step, (xs[0], xs[1]), xs @ w)))

    def power(n: Any, x: Any) -> Any:
        return lax.while_loop(lambda c: c[0] < n, lambda c: (c[0] + 1, c[2], c[1] * 1.5), (0, x, -x))

    return (
        run(w),
        jax.grad(total)(w),
        power(5, xs),
        lax.fori_loop(0, 4, lambda i, x: x + i, xs),
        lax.cond(xs[0, 0] > 0, lambda x: (x, x * 2), lambda x: (x * 3, x), xs),
        lax.switch(2, [lambda x: x, lambda x: x + 1, lambda x: x.T.T * 4], xs),
        lax.scan(step, (xs[0], xs[1] * 2), xs, reverse=True),
    )


@case("softmax", normal(64, 17), tolerance=1e-5)
def _(x: Any) -> Any:
    def loss(x: Any) -> Any:
        scaled = (x - x.mean(-1, keepdims=True)) / jnp.sqrt(x.var(-1, keepdims=True) + 1e-3)
        return -jnp.log(jax.nn.softmax(jax.nn.gelu(scaled)) + 1e-7).mean()

    return loss(x), jax.grad(loss)(x), jax.nn.log_softmax(x), jax.nn.logsumexp(x, 0)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", CASES)
def test_the_machine_computes_as_jax_does(name: str) -> None:
    function, arrays, tolerance = CASES[name]
    expected = jax.tree.map(np.asarray, jax.jit(function)(*arrays))
    program = Traced(function, *arrays)
    for kernel in machine.kernels():
        result = program(*arrays, kernel=kernel)
        assert jax.tree.structure(result) == jax.tree.structure(expected)
        for i, (one, other) in enumerate(
            zip(jax.tree.leaves(result), jax.tree.leaves(expected), strict=True)
        ):
            assert one.dtype == other.dtype
            if one.dtype == np.float32:
                np.testing.assert_allclose(
                    one,
                    other,
                    rtol=max(tolerance, 5e-6),
                    atol=tolerance,
                    err_msg=f"{name} {i} {kernel}",
                )
            else:
                np.testing.assert_array_equal(one, other, err_msg=f"{name} {i} {kernel}")


def test_what_the_machine_does_not_know_is_named() -> None:
    with pytest.raises(NotSupported, match="cholesky"):
        Traced(lambda x: jnp.linalg.cholesky(x), np.eye(3, dtype=np.float32))
    with pytest.raises(NotSupported, match="float16"):
        Traced(lambda x: x * 2, np.ones(3, np.float16))


def test_equal_and_constant_parts_are_computed_once() -> None:
    def function(x: Any) -> Any:
        flag = jnp.zeros(3) == 0
        return jnp.where(flag, jnp.exp(x) * 1.0, x**5) + jnp.exp(x) + 0.0

    program = Traced(function, normal(3))
    assert program.left == 2  # exp, add


def test_a_state_is_changed_in_place() -> None:
    def step(a: Any, b: Any, x: Any) -> Any:
        return b, a + x, (a * b).sum()

    program = Traced(step, normal(4), normal(4), normal(4), carried=2)
    a, b, x = (normal(4, seed=i) for i in range(3))
    state, results = [a.view(np.uint32), b.view(np.uint32)], program.results()
    table = machine.Buffer(x.view(np.uint32))
    expected = b.copy(), a + x
    with pytest.raises(ValueError, match="another number of arrays"):
        machine.updates(program.native, None, state, [table], np.zeros(1, np.int32), 1, results)
    single = Traced(lambda a, b, x, rows: step(a, b, x), a, b, x, np.zeros(1, np.int32), carried=2)
    machine.updates(single.native, None, state, [table], np.zeros(1, np.int32), 1, results)
    np.testing.assert_allclose(a, expected[0])
    np.testing.assert_allclose(b, expected[1])
