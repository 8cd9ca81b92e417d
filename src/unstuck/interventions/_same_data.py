"""Data that are inputs and targets at once, as of an autoencoder: read, and changed in the source."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from unstuck.base.errors import NotSupported
from unstuck.network.recipe import Recipe
from unstuck.script import Call, Script

from . import _network as network
from ._rows import read_later
from ._source import method_call, pair_of_names


def same_data(recipe: Recipe) -> NDArray[Any]:
    """The rows that are inputs and targets.

    Raises:
        NotSupported: they are not the same, no numbers, or scaled by another change.
    """
    x = network.single_array(recipe.x, "inputs")
    y = network.single_array(recipe.y, "targets")
    if x.shape != y.shape or not np.issubdtype(x.dtype, np.number) or not np.array_equal(x, y):
        raise NotSupported("Only inputs that are the targets too are scaled together.")
    if not recipe.in_users_units:
        raise NotSupported("The data are scaled already.")
    return x


def fit_of_named_data(script: Script, before: Recipe) -> tuple[Call, list[str]] | None:
    """The call of `fit` and the names that hold all its data, where lines before it may change them.

    `None` where the data have no name, and where others are read later, which would stay as they are.
    """
    call = method_call(script, before, "fit")
    if call is None or call.has_hidden_arguments or call.in_loop_or_comprehension:
        return None
    names = _names(call)
    if names is None or set(read_later(script)) - set(names):
        return None
    return call, names


def _names(call: Call) -> list[str] | None:
    """The names that hold all data of a call of `fit`, inputs and targets under one name."""
    x, y = call.argument("x", 0), call.argument("y", 1)
    if x is None or y is None or x.code != y.code or not x.code.isidentifier():
        return None
    names = [x.code]
    held = call.argument("validation_data", 7)
    if held is not None and held.code != "None":
        pair = pair_of_names(held.code)
        if pair is None or pair[0] != pair[1]:
            return None
        names += [pair[0]] if pair[0] not in names else []
    return names
