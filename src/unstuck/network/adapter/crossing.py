"""Whether a training step compares each output with the targets of all rows, told from its shapes.

The step is traced, not run. On the way through it every value is known by the axes along which rows
lie, and by whether targets or trained weights went into it. Where one operand of an elementwise
operation is made of targets alone, the other of outputs, and their rows lie along different axes,
each row meets all others.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import jax
import keras

Tree = Any
Shape = tuple[int, ...]
_FEW = (13, 17, 19, 23, 29, 31, 37, 41)
"""Numbers of rows that are seldom the size of anything else."""


@dataclass(frozen=True)
class _Known:
    """What is known of a value: its axes of rows, and whether targets or outputs went into it."""

    rows: frozenset[int] = frozenset()
    targets: bool = False
    outputs: bool = False

    def moved(self, by: int) -> _Known:
        """The same with so many axes more in front; an axis of rows that is taken away is none."""
        rows = frozenset(axis + by for axis in self.rows if axis + by >= 0)
        return replace(self, rows=rows)

    def with_(self, other: _Known) -> _Known:
        """What went into either."""
        return _Known(self.rows | other.rows, self.targets or other.targets,
                      self.outputs or other.outputs)


@dataclass(frozen=True)
class Crossed:
    """The shapes, for `count` rows, in which targets and outputs meet, and the `table` of both."""

    targets: Shape
    outputs: Shape
    table: Shape
    count: int


def crossed_rows(
    variables: Sequence[Sequence[Any]], step: Callable[..., Any], x: Tree, y: Tree,
    sample_weight: Tree,
) -> Crossed | None:
    """How a training step crosses rows; `None` where it does not.

    Args:
        variables: those of the state, in its parts; see `network.own_steps.variables_of_state`.
        step: one update, from a state and a batch; see `network.steps.train_step_of`.
        x, y, sample_weight: rows.

    Raises whatever tracing the step raises.
    """
    state = tuple([_spec(variable.shape, variable.dtype) for variable in part] for part in variables)
    trees = [tree for tree in (x, y, sample_weight) if tree is not None]
    sizes = {size for leaf in jax.tree.leaves((state, trees)) for size in leaf.shape[1:]}
    count = next(number for number in _FEW if number not in sizes)
    data = tuple(keras.tree.map_structure(
        lambda a: _spec((count, *a.shape[1:]), jax.dtypes.canonicalize_dtype(a.dtype)), tree)
        for tree in trees)
    traced = jax.make_jaxpr(step)(state, data)
    known = [_Known(outputs=True)] * len(state[0])
    known += [_Known()] * sum(map(len, state[1:]))
    for place, tree in enumerate(data):
        known += [_Known(frozenset({0}), targets=place == 1) for _ in jax.tree.leaves(tree)]
    try:
        _walk(traced.jaxpr, known, count)
    except _Found as found:
        return found.crossed
    return None


def _spec(shape: Sequence[int], dtype: Any) -> jax.ShapeDtypeStruct:
    return jax.ShapeDtypeStruct(tuple(shape), dtype)  # type: ignore[no-untyped-call]


class _Found(Exception):
    def __init__(self, crossed: Crossed) -> None:
        self.crossed = crossed


def _walk(jaxpr: Any, given: Sequence[_Known], count: int) -> list[_Known]:
    """What is known of the outputs of a computation. Raises _Found where rows are crossed."""
    known: dict[Any, _Known] = dict(zip(jaxpr.invars, given, strict=True))

    def of(variable: Any) -> _Known:
        return _Known() if hasattr(variable, "val") else known.get(variable, _Known())

    for step in jaxpr.eqns:
        operands = [of(variable) for variable in step.invars]
        if step.primitive.name == "scan":
            known.update(zip(step.outvars, _scanned(step.params, operands, count), strict=True))
            continue
        inner = _inner(step)
        if inner is not None:
            known.update(zip(step.outvars, _walk(inner, operands, count), strict=True))
            continue
        shapes = [tuple(variable.aval.shape) for variable in step.invars]
        for made in step.outvars:
            shape = tuple(getattr(made.aval, "shape", ()))
            if len(shape) > 1 and all(_stretches(one, shape) for one in shapes):
                _meet(operands, shape, count)
            rows = frozenset(axis for axis in _rows(step, operands, shapes, shape)
                             if axis < len(shape) and shape[axis] == count)
            known[made] = _Known(rows, any(one.targets for one in operands),
                                 any(one.outputs for one in operands))
    return [of(variable) for variable in jaxpr.outvars]


def _scanned(params: dict[str, Any], given: Sequence[_Known], count: int) -> list[_Known]:
    """What is known of the outputs of a loop over a first axis, as a recurrent layer is one.

    What it hands on from one turn to the next begins as zeros, which are no rows: the first turns
    tell what they become.
    """
    held, carried = params["num_consts"], params["num_carry"]
    states = list(given[held: held + carried])
    each = [one.moved(-1) for one in given[held + carried:]]
    while True:
        made = _walk(params["jaxpr"].jaxpr, [*given[:held], *states, *each], count)
        after = [old.with_(new) for old, new in zip(states, made[:carried], strict=True)]
        if after == states:
            return [*states, *(one.moved(1) for one in made[carried:])]
        states = after


def _inner(step: Any) -> Any:
    """The computation that a step calls with the same operands; `None` for a plain operation."""
    for name in ("jaxpr", "call_jaxpr", "fun_jaxpr"):
        found = step.params.get(name)
        found = getattr(found, "jaxpr", found)
        if found is not None and len(getattr(found, "invars", ())) == len(step.invars) and (
                len(found.outvars) == len(step.outvars)):
            return found
    return None


def _stretches(one: Shape, shape: Shape) -> bool:
    """True for an operand of an elementwise operation with this result."""
    return one == () or (len(one) == len(shape) and all(
        size in (1, whole) for size, whole in zip(one, shape, strict=True)))


def _meet(operands: Sequence[_Known], shape: Shape, count: int) -> None:
    targets = [one.rows for one in operands if one.targets and not one.outputs and one.rows]
    outputs = [one.rows for one in operands if one.outputs and one.rows]
    for mine in targets:
        for theirs in outputs:
            if not mine & theirs:
                raise _Found(Crossed(targets=_unstretched(shape, theirs), table=shape, count=count,
                                     outputs=_unstretched(shape, mine)))


def _unstretched(shape: Shape, others: frozenset[int]) -> Shape:
    return tuple(1 if axis in others else size for axis, size in enumerate(shape))


def _rows(
    step: Any, operands: Sequence[_Known], shapes: Sequence[Shape], shape: Shape
) -> frozenset[int]:
    """The axes of the result along which rows lie."""
    kind, params = step.primitive.name, step.params
    if not operands:
        return frozenset()
    first, was = operands[0].rows, shapes[0]
    if kind == "broadcast_in_dim":
        return frozenset(params["broadcast_dimensions"][axis] for axis in first)
    if kind == "reshape":
        return frozenset(_reshaped(was, axis, shape) for axis in first) - {-1}
    if kind == "transpose":
        return frozenset(params["permutation"].index(axis) for axis in first)
    if kind == "squeeze" or "axes" in params:
        gone = params["dimensions"] if kind == "squeeze" else params["axes"]
        if kind == "squeeze" or len(shape) == len(was) - len(gone):
            return frozenset(axis - sum(one < axis for one in gone)
                             for axis in first if axis not in gone)
    if kind == "dot_general":
        return _product(params["dimension_numbers"], operands, shapes)
    return frozenset(axis for one, given in zip(operands, shapes, strict=True)
                     if len(given) == len(shape) for axis in one.rows)


def _reshaped(was: Shape, axis: int, shape: Shape) -> int:
    """Where an axis of rows stands after a reshape; -1 where it is taken apart or joined."""
    before = math.prod(was[:axis])
    return next((place for place, size in enumerate(shape)
                 if size == was[axis] and math.prod(shape[:place]) == before), -1)


def _product(numbers: Any, operands: Sequence[_Known], shapes: Sequence[Shape]) -> frozenset[int]:
    contracted, batched = numbers
    found: set[int] = set()
    place = len(batched[0])
    for side in (0, 1):
        found |= {batched[side].index(axis) for axis in operands[side].rows
                  if axis in batched[side]}
        for axis in range(len(shapes[side])):
            if axis in contracted[side] or axis in batched[side]:
                continue
            if axis in operands[side].rows:
                found.add(place)
            place += 1
    return frozenset(found)
