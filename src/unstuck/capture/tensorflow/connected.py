"""What TensorFlow counts as connected, where JAX writes a derivative that is zero whatever comes in.

TensorFlow's gradient is `None` for what a target does not hang on, and zeros for what it hangs on by
of a kink: the slope of a ReLU is constant on each side, and its derivative is an array of zeros.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from jax.extend.core import Literal

Sources = frozenset[int]
NOTHING: Sources = frozenset()
_CONSTANT = frozenset({"broadcast_in_dim", "convert_element_type", "reshape", "squeeze"})
"""Operations that make zeros of zeros, with which JAX writes a gradient that is none."""
_COMPARISONS = frozenset({"gt", "ge", "lt", "le"})
_WITHOUT = frozenset({"argmax", "argmin", "eq", "ne", "floor", "ceil", "round", "stop_gradient",
                      "sort_key", "not", "and", "or"})
"""Operations of which TensorFlow knows no derivative."""


def are_none(program: Any) -> list[bool]:
    """For each result of a program whether it is zeros that it was made of, and not computed."""
    zeros: set[Any] = set()

    def is_zero(value: Any) -> bool:
        if isinstance(value, Literal):
            return bool(np.all(np.asarray(value.val) == 0))
        return value in zeros

    for equation in program.eqns:
        if equation.primitive.name in _CONSTANT and all(map(is_zero, equation.invars)):
            zeros |= set(equation.outvars)
    return [is_zero(value) for value in program.outvars]


def connected(program: Any) -> frozenset[int]:
    """The numbers of the inputs of a program that some result hangs on, also by way of a kink."""
    found, _ = _reached(program, [frozenset({i}) for i in range(len(program.invars))])
    return frozenset().union(*found)


def _reached(
    program: Any, given: Sequence[Sources], picked: Sequence[Sources] = ()
) -> tuple[list[Sources], list[Sources]]:
    """For each result of a program, on which sources it hangs, and on which side of a kink of which
    sources it tells to be.

    Args:
        given: the former of its inputs.
        picked: the latter of them.
    """
    of: dict[Any, Sources] = dict(zip(program.invars, given, strict=True))
    sides: dict[Any, Sources] = dict(zip(program.invars, picked, strict=bool(picked)))

    def each(known: dict[Any, Sources], values: Iterable[Any]) -> list[Sources]:
        return [NOTHING if isinstance(v, Literal) else known.get(v, NOTHING) for v in values]

    for equation in program.eqns:
        name, ins, outs = equation.primitive.name, equation.invars, equation.outvars
        before = NOTHING.union(*each(of, ins))
        inner = next((value for value in equation.params.values() if hasattr(value, "jaxpr")), None)
        if name in _COMPARISONS:
            sides |= dict.fromkeys(outs, before)
        elif name == "select_n":
            of |= dict.fromkeys(outs, NOTHING.union(*each(of, ins[1:]), *each(sides, ins[:1])))
        elif inner is not None and len(inner.jaxpr.invars) == len(ins):
            found, told = _reached(inner.jaxpr, each(of, ins), each(sides, ins))
            of |= dict(zip(outs, found, strict=True))
            sides |= dict(zip(outs, told, strict=True))
        elif name not in _WITHOUT and any(np.issubdtype(v.aval.dtype, np.inexact) for v in outs):
            of |= dict.fromkeys(outs, before)
    return each(of, program.outvars), each(sides, program.outvars)
