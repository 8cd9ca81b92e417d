"""Changes as plain data and back, so that a saved diagnosis holds repairs and not a word of code.

A change is stored as its name in the registry and its arguments. What comes back is made by that
class from arguments of the types that its fields have; the edits are then made anew, by the same code
that `run` makes them with, from the script at hand.
"""

from __future__ import annotations

import dataclasses
import math
import numbers
import re
import types
import typing
from collections.abc import Iterable, Set
from typing import Any

from unstuck.base.errors import BadSavedFile, NotSupported, UnstuckError
from unstuck.interventions import (
    Changes,
    Intervention,
    all_interventions,
    apply_all,
    compatible,
    edits_for,
)
from unstuck.network import outputs
from unstuck.network.recipe import Recipe
from unstuck.result import results
from unstuck.script import Script
from unstuck.script.formatting import formatted

LARGEST = 10**9
"""The largest number that an argument may be."""
_WORD = re.compile(r"[\w .<>/+-]{0,200}", re.ASCII)
"""Texts that cannot end the quotes in which an edit writes them, nor call anything without any."""

_SCALARS: dict[Any, tuple[type, ...]] = {
    bool: (bool,), int: (int,), float: (int, float), str: (str,), types.NoneType: (types.NoneType,)}


def stored(changes: Iterable[Intervention]) -> tuple[results.Change, ...] | None:
    """Changes as a result keeps them; `None` where an argument is no plain value."""
    try:
        return tuple(_stored(change) for change in changes)
    except (TypeError, KeyError):  # KeyError: a change that is not in the registry
        return None


def _stored(change: Intervention) -> results.Change:
    names = {cls: name for name, cls in all_interventions().items()}
    return results.Change(name=names[type(change)], arguments={
        field.name: _plain(getattr(change, field.name)) for field in dataclasses.fields(change)})


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, numbers.Real) and math.isfinite(value):
        return float(value)
    if isinstance(value, tuple):
        return [_plain(entry) for entry in value]
    if isinstance(value, Intervention):
        return dataclasses.asdict(_stored(value))
    raise TypeError(f"a change cannot be stored with {value!r}")


def restored(found: Iterable[results.Change], names: Set[str] = frozenset()) -> Changes:
    """The changes again.

    Args:
        found: what `stored` made, or whatever stands in its place in a file.
        names: of the layers and outputs of the network, which may be any text.

    Raises:
        ValueError: there is no such change, or it does not take such arguments.
    """
    return tuple(_restored(change.name, change.arguments, names) for change in found)


def _restored(name: Any, arguments: Any, names: Set[str]) -> Intervention:
    cls = all_interventions().get(name) if isinstance(name, str) else None
    if cls is None or not isinstance(arguments, dict):
        raise ValueError(f"there is no change {str(name)[:60]!r}")
    hints = typing.get_type_hints(cls)
    fields = {field.name: field for field in dataclasses.fields(cls)}
    given = {}
    for key, value in arguments.items():
        if key not in fields:
            raise ValueError(f"{name} has no argument {str(key)[:60]!r}")
        given[key] = _checked(hints[key], value, names)
    try:
        return cls(**given)
    except TypeError as error:  # one is missing
        raise ValueError(f"{name}: {error}") from error


def _checked(kind: Any, value: Any, names: Set[str]) -> Any:
    """A value of that type. Raises ValueError for any other."""
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        for one in inner:
            try:
                return _checked(one, value, names)
            except ValueError:
                continue
    elif origin is tuple and isinstance(value, list):
        kinds = [inner[0]] * len(value) if inner[-1] is Ellipsis else inner
        if len(kinds) == len(value):
            return tuple(_checked(one, entry, names)
                         for one, entry in zip(kinds, value, strict=True))
    elif origin is typing.Literal and isinstance(value, str) and value in inner:
        return value
    elif kind is Intervention and isinstance(value, dict):
        return _restored(value.get("name"), value.get("arguments"), names)
    elif kind in _SCALARS and type(value) in _SCALARS[kind] and _is_sane(value, names):
        return value
    raise ValueError(f"{str(value)[:60]!r} is no such argument")


def _is_sane(value: Any, names: Set[str]) -> bool:
    if isinstance(value, str):
        return value in names or _WORD.fullmatch(value) is not None
    return value is None or abs(value) <= LARGEST


def of(repair: results.Repair | results.Arm, recipe: Recipe) -> Changes:
    """The changes of a repair, or the one of an arm, from a saved diagnosis.

    Raises:
        BadSavedFile: the file does not hold them, or others than it says.
    """
    found: tuple[results.Change, ...] | None
    labels: tuple[str, ...]
    if isinstance(repair, results.Arm):
        found = None if repair.change is None else (repair.change,)
        labels = (repair.intervention,)
    else:
        found, labels = repair.changes, (*repair.interventions, *repair.beside)
    if not found:
        raise BadSavedFile(
            f"The file says of the repair ({', '.join(labels)}) how it reads, and not how it is made."
            " Diagnose the script again: unstuck fix SCRIPT")
    names = {layer.name for layer in recipe.layers} | set(outputs.names(recipe))
    try:
        changes = restored(found, names)
        if tuple(change.label for change in changes) != labels or not compatible(changes):
            raise ValueError("its changes are others than it says")
    except (ValueError, TypeError, IndexError, RecursionError) as error:
        raise BadSavedFile(f"The file's repair ({', '.join(labels)[:200]}) is damaged: {error}."
                           ) from error
    return changes


def written(changes: Changes, script: Script, recipe: Recipe) -> Script:
    """The script with the changes, their edits made anew.

    Raises:
        UnstuckError: they do not suit this script, or cannot be written into it.
    """
    names = ", ".join(change.label for change in changes)
    try:
        apply_all(changes, recipe)
        edits = edits_for(changes, script, recipe)
    except NotSupported as error:
        raise UnstuckError(f"This script is not one for the repair ({names}): {error}") from error
    except Exception as error:  # Keras's, of an argument that it does not take
        raise BadSavedFile(f"The file's repair ({names}) cannot be made: {error}") from error
    if edits is None:
        raise UnstuckError(f"This repair ({names}) cannot be written into this script safely; it has"
                           " to be made by hand.")
    return script.apply(formatted(script, edits))
