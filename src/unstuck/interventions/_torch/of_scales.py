"""Inputs and outputs of a network in other units: a line of `forward`, or a module more."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import libcst as cst
import numpy as np

from unstuck.network.loss_names import config_of
from unstuck.network.recipe import Recipe, Units
from unstuck.script import Edit, Script
from unstuck.script.tree import Tree, tree_of

from .._source import free_name, number
from ._names import Edits, call_at
from .data_names import Named, others_given, rows_named, targets_named

MOST_COLUMNS = 8
"""Numbers of more columns nobody can read."""
_CLASS = """class Scaled({module}):
    def __init__(self, scale, offset):
        super().__init__()
        self.scale, self.offset = scale, offset

    def forward(self, x):
        return x * self.scale + self.offset

"""


def scaled(
    script: Script, before: Recipe, config: Mapping[str, Any], *, entry: bool
) -> Edits | None:
    """What puts arithmetic in front of a network (`entry`), or behind it."""
    tree = tree_of(script.text)
    if tree is None:
        return None
    numbers = _numbers(config)
    forward = _forward_of(tree, script, before, entry=entry)
    if max(map(len, numbers)) > MOST_COLUMNS:
        return _by_the_rows(script, before, forward) if entry else None
    scale, offset = map(_code, numbers)
    if forward is not None:
        sign = f"- {offset[1:]}" if offset.startswith("-") else f"+ {offset}"
        return _in_forward(tree, forward, f"{{}} * {scale} {sign}", entry=entry)
    return _in_sequential(script, before, f"{scale}, {offset}", entry=entry)


def _by_the_rows(
    script: Script, before: Recipe, forward: cst.FunctionDef | None
) -> Edits | None:
    """Means and spreads computed behind the rows, under names that classes see."""
    rows = rows_named(script, before)
    if rows is None or not rows.at_module_level or not rows.is_tensor or np.ndim(before.x) != 2:
        return None
    mean, spread = (free_name(script, f"{rows.name}_{what}") for what in ("mean", "std"))
    lines = [f"{mean}, {spread} = {rows.name}.mean(0), {rows.name}.std(0)"]
    if bool((np.asarray(before.x).std(0) == 0).any()):
        lines.append(f"{spread}[{spread} == 0] = 1  # columns that are constant")
    noted = rows.tree.line_after(rows.made, "\n".join(lines))
    if forward is not None:
        used = _in_forward(rows.tree, forward, f"({{}} - {mean}) / {spread}", entry=True)
    else:
        used = _in_sequential(script, before, f"1 / {spread}, -{mean} / {spread}", entry=True)
        if used is not None and used[0].start < noted.start:
            return None  # the network is made before its rows
    return None if used is None else (noted, *used)


def _numbers(config: Mapping[str, Any]) -> tuple[Any, Any]:
    """By what to multiply, and what to add then."""
    if "variance" in config:
        mean, spread = np.ravel(config["mean"]), np.sqrt(np.ravel(config["variance"]))
        scale, offset = 1 / spread, -mean / spread
    else:
        scale, offset = np.ravel(config["scale"]), np.ravel(config.get("offset", 0.0))
    return scale, offset


def _code(values: Any) -> str:
    each = [number(float(one)) for one in values]
    return each[0] if len(each) == 1 else f"torch.tensor([{', '.join(each)}])"


def _forward(tree: Tree, name: str) -> cst.FunctionDef | None:
    """The `forward` of the class of that name."""
    for node in tree.positions:
        if isinstance(node, cst.ClassDef) and node.name.value == name:
            return next((one for one in node.body.body if isinstance(one, cst.FunctionDef)
                         and one.name.value == "forward"), None)
    return None


def _forward_of(
    tree: Tree, script: Script, before: Recipe, *, entry: bool
) -> cst.FunctionDef | None:
    """The `forward` that rows enter first, or that outputs leave last."""
    name = next((site.partition(":")[2] for site in before.sites if site.startswith("model:")), "")
    found = _forward(tree, name)
    if found is not None:
        return found
    names = [one.name for one in before.layers if f"layer:{one.name}" in before.sites]
    call = call_at(script, before, f"layer:{names[0 if entry else -1]}") if names else None
    around = () if call is None else tree.ancestors(call.node)
    cls = next((one for one in around if isinstance(one, cst.ClassDef)), None)
    return None if cls is None else _forward(tree, cls.name.value)


def _in_forward(
    tree: Tree, forward: cst.FunctionDef, code: str, *, entry: bool
) -> Edits | None:
    """The arithmetic `code` on what is given, on a line of its own; or on what is returned."""
    if not isinstance(forward.body, cst.IndentedBlock):
        return None
    if entry:
        given = forward.params.params[1].name.value
        line = tree.line_before(forward.body.body[0], f"{given} = {code.format(given)}")
        return None if line is None else (line,)
    returns = [node for node in tree.positions if isinstance(node, cst.Return)
               and any(one is forward for one in tree.ancestors(node))]
    if len(returns) != 1 or not isinstance(returns[0].value, cst.Call | cst.Name):
        return None
    end = tree.extent(returns[0].value)[1]
    return (Edit(start=end, end=end, replacement=code.removeprefix("{}")),)


def _in_sequential(
    script: Script, before: Recipe, arguments: str, *, entry: bool
) -> Edits | None:
    """A module of a class of its own, in the `Sequential` that is the network."""
    names = [one.name for one in before.layers if f"layer:{one.name}" in before.sites]
    call = call_at(script, before, f"layer:{names[0 if entry else -1]}") if names else None
    if call is None:
        return None
    tree = call.tree
    argument = tree.parent(call.node)
    outer = None if argument is None else tree.parent(argument)
    if not isinstance(outer, cst.Call) or not tree.source(outer.func).endswith("Sequential"):
        return None
    statement = tree.own_lines(outer)
    last = outer.args[0 if entry else -1]
    if statement is None:
        return None
    module = tree.source(outer.func).rpartition(".")[0]
    code = _CLASS.format(module=f"{module}.Module" if module else "torch.nn.Module")
    made = f"Scaled({arguments})"
    place = tree.extent(last.value)[0 if entry else 1]
    new = Edit(start=place, end=place, replacement=f"{made}, " if entry else f", {made}")
    known = None if "class Scaled(" in script.text else tree.line_before(statement, code)
    return (new,) if known is None else (known, new)


def data_units(script: Script, before: Recipe, after: Recipe) -> Edits | None:
    """Lines behind the statements that make data which are inputs and targets at once."""
    units, named = after.data_units, rows_named(script, before)
    if units is None or named is None or not named.is_tensor:
        return None
    others = others_given(script, before, "forward", 0, named.name)
    if not isinstance(units.mean, tuple) and not isinstance(units.spread, tuple):
        return tuple(_brought(one, units, one.name) for one in (named, *others))
    if not named.at_module_level or any(not one.at_module_level for one in others):
        return None
    mean, spread = f"{named.name}_mean", f"{named.name}_std"
    if mean in script.text or spread in script.text:
        return None
    noted = (f"{mean}, {spread} = {named.name}.mean(0), {named.name}.std(0)\n"
             f"{named.name} = ({named.name} - {mean}) / {spread}")
    return (named.tree.line_after(named.made, noted), *(
        one.tree.line_after(one.made, f"{one.name} = ({one.name} - {mean}) / {spread}")
        for one in others))


def _brought(named: Named, units: Units, name: str) -> Edit:
    mean, spread = (float(np.ravel(one)[0]) for one in (units.mean, units.spread))
    moved = f"({name} - {number(mean)})" if mean else name
    return named.tree.line_after(
        named.made, f"{name} = {moved} / {number(spread).removesuffix('.0')}")


_POWERS = {"mean_squared_error": 2, "mean_absolute_error": 1}
"""How a loss grows with the unit of what it compares."""


def target_units(script: Script, before: Recipe, after: Recipe) -> Edits | None:
    """The output in the targets' units, and the loss in those of the training.

    The same training as on scaled targets, but the network puts out what it did before, so that
    nothing else in the script needs to know. Losses that are no power of the error have their targets
    scaled where they are made.
    """
    units = after.target_units
    if units is None or isinstance(units, tuple) or np.size(units.mean) > 1 or np.size(
            units.spread) > 1:
        return None
    mean, spread = (float(np.ravel(one)[0]) for one in (units.mean, units.spread))
    power, call = _POWERS.get(config_of(before.loss)[0]), call_at(script, before, "meets:1")
    if power is not None and call is not None and call.tree.own_lines(call.node) is not None:
        behind = scaled(script, before, {"scale": [spread], "offset": [mean]}, entry=False)
        if behind is not None:
            by = number(spread) if power == 1 else f"{number(spread)}**2"
            return (*behind, Edit(start=call.end, end=call.end, replacement=f" / {by}"))
    named = targets_named(script, before)
    if named is None or others_given(script, before, "meets:1", 1, named.name):
        return None
    return (_brought(named, units, named.name),)


WRITERS: dict[str, Callable[..., Edits | None]] = {
    "data_units": data_units, "target_units": target_units}
