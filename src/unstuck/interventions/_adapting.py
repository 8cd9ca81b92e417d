"""A Normalization that learns its statistics from the rows by `adapt`, written as people write it.

Where the layer is made at module level and the rows have their name there already, it is made and
adapted on two lines before; else it has a name of its own, and is adapted before `fit`. Numbers are
written only where the rows have no name.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unstuck.network.layers import Insertion, Layer
from unstuck.network.recipe import Recipe
from unstuck.script import Call, Script

from . import _network as network
from . import _source as source
from ._scales import layer_code

MOST_NUMBERS = 8
"""The statistics of so many columns can be read, and are written out where nothing else is possible."""


def scaling_edits(
    script: Script, before: Recipe, call: Call, entry: Layer, new: Insertion
) -> tuple[str, source.Edits] | None:
    """The code for a layer `new` behind the input `entry`, put in at a call, and what else it needs.

    `None` where nothing can be written that anybody would want to read.
    """
    if new.kind != "Normalization":
        return layer_code(script, call, new)
    kind, imports = source.keras_name(script, call, "layers.Normalization")
    name = source.free_name(script, _called(before, entry))
    rows = rows_for(script, before, entry, new)
    if rows is not None:
        ahead = adapted_ahead(script, before, call, rows, f"{name} = {kind}()", name)
        if ahead is not None:
            return name, (*imports, *ahead)
        behind = adapted_before_fit(script, before, rows, name)
        if behind is not None:
            return f"{kind}(name={source.quoted(script, name)})", (*imports, *behind)
    few = len(new.config["mean"]) <= MOST_NUMBERS
    return layer_code(script, call, new) if few else None


def adapted_ahead(
    script: Script, before: Recipe, call: Call, rows: _Rows, making: str, name: str
) -> source.Edits | None:
    """Lines before the statement of a call that make a layer and adapt it; `None` if not safe there.

    Where that call makes the layer under this name, the line behind it that adapts it.
    """
    fit = source.method_call(script, before, "fit")
    if fit is None or fit.in_function or not call.at_module_level:
        return None
    if not script.holds(rows.name, at=call.span, until=fit.span):
        return None
    code, imports = _as_array(script, before, call, rows)
    if call.assigned_name == name:
        lines = call.insert_statement_after(f"{name}.adapt({code})")
    else:
        lines = call.insert_statement_before(f"{making}\n{name}.adapt({code})")
    return None if lines is None else (*imports, *lines)


def adapted_before_fit(
    script: Script, before: Recipe, rows: _Rows, name: str
) -> source.Edits | None:
    """A line before the only `fit` that adapts the layer of that name."""
    fit = source.method_call(script, before, "fit")
    if fit is None or script.text.count(".fit(") != 1:
        return None
    code, imports = _as_array(script, before, fit, rows)
    model = fit.callee.removesuffix(".fit")
    line = fit.insert_statement_before(
        f"{model}.get_layer({source.quoted(script, name)}).adapt({code})")
    return None if line is None else (*imports, *line)


@dataclass(frozen=True)
class _Rows:
    """The name that holds the rows of an input, and how many axes they have."""

    name: str
    axes: int


def rows_for(script: Script, before: Recipe, entry: Layer, new: Insertion) -> _Rows | None:
    """The rows of an input in `fit`, where they have a name and adapting to them gives `new`."""
    fit = source.method_call(script, before, "fit")
    given = None if fit is None else fit.argument("x", 0)
    array = next(array for known, array in network.inputs(before) if known.name == entry.name)
    # Keras averages numbers in their own type, which float32 is not enough for where means are large.
    if before.plain.get("x", "float32") not in ("float32", "float16"):
        array = array.astype(np.float64)
    if given is None or not _gives(array, new):
        return None
    if before.taped:
        return _Rows(before.named["x"], array.ndim) if before.named else None
    node: ast.expr | None = ast.parse(f"(\n{given.code}\n)", mode="eval").body
    names = before.architecture.input_names
    if isinstance(node, ast.Dict):
        node = next((value for key, value in zip(node.keys, node.values, strict=True)
                     if isinstance(key, ast.Constant) and key.value == entry.name), None)
    elif isinstance(node, ast.List | ast.Tuple):
        place = names.index(entry.name)
        node = node.elts[place] if len(node.elts) == len(names) else None
    elif len(names) > 1:
        return None
    return _Rows(node.id, array.ndim) if isinstance(node, ast.Name) else None


def _gives(rows: NDArray[Any], new: Insertion) -> bool:
    """Whether a layer that is adapted to the rows does with them what the layer `new` does."""
    if not np.isfinite(rows).all():
        return False
    rows = rows if rows.ndim > 1 else rows[:, None]
    axes = tuple(range(rows.ndim - 1))
    mean, variance = (np.asarray(new.config[key]) for key in ("mean", "variance"))
    with np.errstate(over="ignore", invalid="ignore"):
        taken = [how(rows, axis=axes).astype(np.float32) for how in (np.mean, np.var)]
    constant = taken[1] == 0
    near = np.abs(taken[0] - mean) <= 1e-3 * np.sqrt(variance)
    same = np.abs(taken[1] - variance) <= 1e-3 * variance
    return bool(np.all(np.where(constant, taken[0] == mean.astype(np.float32), near & same)))


def _called(before: Recipe, entry: Layer) -> str:
    several = len(before.architecture.input_names) > 1
    return f"{entry.name}_normalization" if several and entry.name.isidentifier() else "normalization"


def _as_array(script: Script, before: Recipe, call: Call, rows: _Rows) -> tuple[str, source.Edits]:
    """The rows as `adapt` takes them: an array with an axis of columns."""
    code, imports = rows.name, ()  # type: str, source.Edits
    if "x" not in before.plain:
        numpy, imports = script.module_alias("numpy", call.span)
        code = f"{numpy}.asarray({code})"
    return (code if rows.axes > 1 else f"{code}.reshape(-1, 1)"), imports
