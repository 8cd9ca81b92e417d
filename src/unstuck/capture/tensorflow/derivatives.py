"""Derivatives of what a block computes: by what, of what, and compiled where a loop asks again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import CodeType
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
from jax.extend.core import jaxpr_as_fun

from unstuck.network import adapter

from .connected import are_none, connected
from .runs import Place, Run, arrays_in

Tree = Any
Parts = tuple[dict[int, Any], dict[Place, Any], dict[int, Any]]
"""The sources: variables by `id`, what is added to marked arrays, arrays among the names by `id`."""
Targets = Callable[[Parts], list[Any]]

MOST_PROGRAMS = 8
"""So many programs of one block are kept: a number among its names may be another each time."""
CLOSE = 1e-3
"""A program whose targets are further from those of the block itself, in proportion, is made anew."""


class Question:
    """What a derivative is asked of, and by what.

    Args:
        run: the run of the block.
        target: a tree of arrays that it computed.
        sources: a tree of variables and arrays.
        counts: tells whether TensorFlow would have recorded a source.
    """

    def __init__(self, run: Run, target: Tree, sources: Tree, counts: Callable[[Any], bool]) -> None:
        self.run, self.sources = run, sources
        self.wanted = keras.tree.flatten(target)
        self.places = [place for leaf in self.wanted
                       if (place := run.places.get(id(leaf))) is not None]
        inputs = {id(leaf) for value in run.names.values() for leaf in arrays_in(value)}
        self.parts: Parts = ({}, {}, {})
        for source in keras.tree.flatten(sources):
            if not counts(source) and id(source) not in run.places:
                continue
            if isinstance(source, keras.Variable):
                self.parts[0][id(source)] = run.value_before(source)
            elif id(source) in run.places:
                self.parts[1][run.places[id(source)]] = jnp.zeros_like(source)
            elif id(source) in inputs:
                self.parts[2][id(source)] = jnp.asarray(source)

    def of(self, source: Any, found: Parts) -> Any:
        """What was found for a source; `None` for nothing."""
        place = self.run.places.get(id(source))
        by_place = None if place is None else found[1].get(place)
        for part in (found[0].get(id(source)), found[2].get(id(source)), by_place):
            if part is not None:
                return part
        return None


def derived(
    question: Question, derive: Callable[[Targets], Callable[[Parts], Any]], *, zero: bool = False,
    again: bool = False,
) -> Tree:
    """A derivative in the structure of the sources; `None` for what the target does not hang on.

    Args:
        question: of what, and by what.
        derive: makes it of a function from sources to targets.
        zero: zeros in the place of `None`.
        again: it may be asked for again and again, so that compiling it pays.
    """
    found: Any = ({}, {}, {})
    if question.places and any(question.parts):
        run = question.run
        if again and not run.open and run.scope is None and not run.shifted:
            found = _compiled(question, derive)
        else:
            found = _plainly(question, derive)

    def one(source: Any) -> Any:
        part = question.of(source, found)
        return jnp.zeros(source.shape, source.dtype) if part is None and zero else part

    return keras.tree.map_structure(one, question.sources)


def _plainly(question: Question, derive: Callable[[Targets], Callable[[Parts], Any]]) -> Any:
    """The derivative, operation by operation."""
    return _without_none(
        derive, lambda parts: question.run.again(question.places, *parts), question.parts)


@dataclass(eq=False)
class _Program:
    """A derivative compiled for runs of a block that differ in numbers only."""

    call: Callable[..., Any]
    variables: list[Any]
    kept: Any
    """What the key tells by its identity, held so that no other object can have it."""


_of_blocks: dict[CodeType, dict[Any, _Program]] = {}
"""Compiled derivatives, by the block and by what else tells them apart."""


def _compiled(question: Question, derive: Callable[[Targets], Callable[[Parts], Any]]) -> Any:
    """The derivative by a compiled program; operation by operation it would take ten times as long."""
    run = question.run
    programs = _of_blocks.setdefault(run.block.__code__, {})
    key, arrays, ordered = _key(question)
    if key not in programs:
        if len(programs) >= MOST_PROGRAMS:
            programs.clear()
        programs[key] = _program(question, derive)
    program = programs[key]
    state = [run.value_before(variable) for variable in program.variables]
    leaves, targets = program.call(state, arrays, ordered)
    mine = [leaf for leaf in question.wanted if id(leaf) in run.places]
    if not all(_close(a, b) for a, b in zip(targets, mine, strict=True)):
        # Something that the key does not tell has changed, such as a number kept by an object.
        del programs[key]
        return _plainly(question, derive)
    return _unflattened(question.parts, leaves)


def _program(question: Question, derive: Callable[[Targets], Callable[[Parts], Any]]) -> _Program:
    run, places = question.run, list(question.places)
    variables = adapter.variables_read(lambda: run.again([], {}, {}, {}))
    names = dict(run.names)
    ids = [id(leaf) for value in names.values() for leaf in arrays_in(value)]
    example = question.parts

    @jax.jit
    def call(state: list[Any], arrays: list[Any], ordered: list[Any]) -> Any:
        held = {id(v): value for v, value in zip(variables, state, strict=True)}
        given = dict(zip(ids, arrays, strict=True))

        def targets(parts: Parts) -> list[Any]:
            return run.again(places, {**held, **parts[0]}, parts[1], {**given, **parts[2]})

        parts = _unflattened(example, ordered)
        found = _without_none(derive, targets, parts)
        return _flattened(found, example), targets(parts)

    return _Program(call, variables, (names, question.sources, run))


def _key(question: Question) -> tuple[Any, list[Any], list[Any]]:
    """What tells runs apart that one program cannot serve; the arrays among the names; the sources."""
    arrays: list[Any] = []
    first: dict[int, int] = {}
    parts: list[Any] = []
    tapes = {id(tape): i for i, tape in enumerate(question.run.tapes)}
    for name, value in question.run.names.items():
        mine = arrays_in(value)
        if mine:
            for leaf in mine:
                first.setdefault(id(leaf), len(first))
            rest = [one for one in keras.tree.flatten(value) if not any(one is leaf for leaf in mine)]
            parts.append((name, type(value).__name__, len(rest), tuple(
                (first[id(leaf)], tuple(leaf.shape), str(leaf.dtype)) for leaf in mine)))
            arrays += mine
        elif isinstance(value, int | float | str | bool | None):
            parts.append((name, type(value).__name__, value))
        elif id(value) in tapes:  # its own, which is another in each run
            parts.append((name, "tape", tapes[id(value)]))
        else:
            parts.append((name, id(value)))
    variables, marked, given = question.parts
    by = tuple(variables), tuple(marked), tuple(first.get(i) for i in given)
    return (tuple(parts), tuple(question.places), by), arrays, _flattened(question.parts)


def _flattened(parts: Any, like: Any = None) -> list[Any]:
    """The values of parts; in the order of others, since JAX sorts the keys of what it returns."""
    return [part[key] for part, keys in zip(parts, like or parts, strict=True) for key in keys]


def _unflattened(example: Parts, leaves: list[Any]) -> Any:
    left = iter(leaves)
    return tuple({key: next(left) for key in part} for part in example)


def _close(one: Any, other: Any) -> bool:
    one, other = np.asarray(one), np.asarray(other)
    return bool(np.allclose(one, other, rtol=CLOSE, atol=1e-6, equal_nan=True))


def _without_none(
    derive: Callable[[Targets], Callable[[Parts], Any]], targets: Targets, parts: Parts
) -> Any:
    """A derivative, with `None` in the place of what the targets do not hang on."""
    def traced(compute: Callable[[Parts], Any]) -> Any:
        return jax.make_jaxpr(lambda *flat: compute(_unflattened(parts, list(flat))))(
            *_flattened(parts))

    derivative = derive(targets)
    program = traced(lambda given: _flattened(derivative(given), parts))
    found = jaxpr_as_fun(program)(*_flattened(parts))
    none = are_none(program.jaxpr)
    if any(none):
        reached = connected(traced(targets).jaxpr)
        none = [one and i not in reached for i, one in enumerate(none)]
    return _unflattened(parts, [
        None if one else jnp.asarray(value) for value, one in zip(found, none, strict=True)])
