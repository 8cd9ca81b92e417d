"""From a function of arrays to a `Graph`: the one file that knows the language of JAX's tracer.

`jax.extend.core` is a second-tier interface: its names are used here and nowhere else. Calls are
written out (jit, custom derivatives, checkpoints), keys are their two words, and whole numbers of eight
or sixteen bits are as wide as all others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np
from jax.extend import core

from unstuck.base.errors import NotSupported

from .graph import DTYPES, Array, Equation, Graph, Kind, Value

CALLS = {
    "jit": "jaxpr", "pjit": "jaxpr", "closed_call": "call_jaxpr", "core_call": "call_jaxpr",
    "custom_jvp_call": "call_jaxpr", "custom_vjp_call": "call_jaxpr",
    "custom_vjp_call_jaxpr": "fun_jaxpr", "checkpoint": "jaxpr", "remat": "jaxpr", "remat2": "jaxpr",
    "custom_lin": "call_jaxpr",
}
"""Equations that are a call, and the parameter with what is called."""
LOOPS = {"scan": ("jaxpr",), "while": ("cond_jaxpr", "body_jaxpr"), "cond": ("branches",)}
KEYED = {"slice", "squeeze", "reshape", "broadcast_in_dim", "transpose", "expand_dims", "copy",
         "select_n", "optimization_barrier", "random_bits", "random_split", "random_fold_in",
         "random_wrap", "random_unwrap", "random_seed", "random_clone"}
"""Equations that may have keys among their arrays."""
NARROW = {"convert_element_type", "copy", "reshape", "broadcast_in_dim", "slice", "squeeze",
          "transpose", "gather", "dynamic_slice", "concatenate", "select_n", "expand_dims", "eq", "ne",
          "lt", "le", "gt", "ge", "rev", "pad", "copy_p"}
"""What whole numbers of fewer than 32 bits go through unharmed when they are held in 32."""


def traced(function: Callable[..., Any], *examples: Any) -> tuple[Graph, Any]:
    """A function's computation and the shapes of its result, a tree.

    Args:
        function: of trees of arrays, which JAX can trace.
        examples: arrays, or their shapes.

    Raises:
        NotSupported: the computation has parts that the machine has not, which are named.
    """
    closed, shapes = jax.make_jaxpr(function, return_shape=True)(*examples)
    return _graph(closed), shapes


def kind_of(dtype: Any) -> Kind:
    """The kind of number that holds an array of that type. Raises NotSupported."""
    if is_key(dtype):
        return "u"
    dtype = np.dtype(dtype)
    if dtype == np.float32:
        return "f"
    if dtype == np.bool_:
        return "b"
    if dtype.kind == "i" and dtype.itemsize <= 4:
        return "i"
    if dtype.kind == "u" and dtype.itemsize <= 4:
        return "i" if dtype.itemsize < 4 else "u"
    raise NotSupported(f"The program engine computes in float32 and whole numbers, not in {dtype}")


def is_key(dtype: Any) -> bool:
    """True for the type of JAX's random keys."""
    return bool(jax.numpy.issubdtype(dtype, jax.dtypes.prng_key))


def _value(aval: Any) -> Value:
    if is_key(aval.dtype):
        return Value((*aval.shape, 2), "u")
    return Value(tuple(aval.shape), kind_of(aval.dtype))


def _constant(value: Any, kind: Kind) -> Array:
    if hasattr(value, "dtype") and is_key(value.dtype):
        value = jax.random.key_data(value)
    return np.asarray(value).astype(DTYPES[kind])


def _graph(closed: Any) -> Graph:
    tracer = _Tracer()
    inputs = tuple(tracer.fresh(var) for var in closed.jaxpr.invars)
    return tracer.finish(closed, inputs)


class _Tracer:
    """Collects the equations of one body."""

    def __init__(self) -> None:
        self._values: dict[Any, Value] = {}
        self._equations: list[Equation] = []
        self._constants: dict[Value, Array] = {}

    def fresh(self, var: Any) -> Value:
        """The value of a variable that is given here."""
        value = _value(var.aval)
        self._values[var] = value
        return value

    def finish(self, closed: Any, inputs: tuple[Value, ...]) -> Graph:
        """The graph of a closed jaxpr whose variables of entry are known."""
        outputs = self._written_out(closed.jaxpr, closed.consts)
        return Graph(inputs, tuple(outputs), self._equations, self._constants)

    def _written_out(self, jaxpr: Any, consts: Sequence[Any]) -> list[Value]:
        for var, const in zip(jaxpr.constvars, consts, strict=True):
            value = self.fresh(var)
            self._constants[value] = _constant(const, value.kind)
        for eqn in jaxpr.eqns:
            self._take(eqn)
        return [self._read(var) for var in jaxpr.outvars]

    def _read(self, var: Any) -> Value:
        if isinstance(var, core.Literal):
            value = _value(var.aval)
            self._constants[value] = _constant(var.val, value.kind).reshape(value.shape)
            return value
        return self._values[var]

    def _take(self, eqn: Any) -> None:
        name = eqn.primitive.name
        inputs = [self._read(var) for var in eqn.invars]
        if name in CALLS:
            self._call(eqn, inputs)
            return
        _refuse_unsuited(eqn, name)
        params, bodies = dict(eqn.params), []
        for key in LOOPS.get(name, ()):
            found = params.pop(key)
            for body in found if isinstance(found, tuple | list) else [found]:
                bodies.append(_graph(body))
        if any(is_key(var.aval.dtype) for var in eqn.invars):
            params["keys"] = True
        params["narrow"] = _width(eqn.outvars[0].aval) if eqn.outvars else None
        outputs = tuple(self.fresh(var) for var in eqn.outvars)
        self._equations.append(Equation(name, tuple(inputs), outputs, params, tuple(bodies)))

    def _call(self, eqn: Any, inputs: list[Value]) -> None:
        inner = eqn.params[CALLS[eqn.primitive.name]]
        jaxpr, consts = (inner.jaxpr, inner.consts) if hasattr(inner, "consts") else (inner, ())
        outer = self._values
        self._values = dict(zip(jaxpr.invars, inputs, strict=True))
        outputs = self._written_out(jaxpr, consts)
        self._values = outer
        for var, value in zip(eqn.outvars, outputs, strict=True):
            self._values[var] = value


def _width(aval: Any) -> int | None:
    """Bits of a whole number that has fewer than 32; `None` for all else."""
    if is_key(aval.dtype):
        return None
    dtype = np.dtype(aval.dtype)
    return 8 * dtype.itemsize if dtype.kind in "iu" and dtype.itemsize < 4 else None


def _refuse_unsuited(eqn: Any, name: str) -> None:
    avals = [var.aval for var in (*eqn.invars, *eqn.outvars)]
    if any(is_key(aval.dtype) for aval in avals) and name not in KEYED:
        raise NotSupported(f"The program engine does not take random keys through {name}")
    if any(_width(aval) for aval in avals if not is_key(aval.dtype)) and name not in NARROW:
        raise NotSupported(f"The program engine does not compute {name} in {avals[0].dtype}")
    for aval in avals:
        if not all(isinstance(n, int) for n in aval.shape):
            raise NotSupported("The program engine takes arrays of known sizes only")
