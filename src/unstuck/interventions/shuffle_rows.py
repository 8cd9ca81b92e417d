"""Rows in a random order before the validation split, so that its tail is a fair sample."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from unstuck.base.errors import NotSupported
from unstuck.network.data import Data
from unstuck.network.recipe import Recipe
from unstuck.script import Script

from . import Intervention
from ._source import Edits, free_name, method_call

_ARGUMENTS = {"x": 0, "y": 1, "sample_weight": 10}


@dataclass(frozen=True, kw_only=True)
class ShuffleRows(Intervention):
    """The rows permuted once, by the generator with seed 0, before `fit` cuts off their tail."""

    kind: ClassVar[str] = "validation_split"
    cost: ClassVar[float] = 5

    @property
    def label(self) -> str:
        """What is done."""
        return "rows shuffled before validation_split"

    def apply(self, recipe: Recipe) -> Recipe:
        """The recipe with its rows in this order."""
        if not recipe.validation_split or recipe.validation_data is not None:
            raise NotSupported("No validation_split cuts off the last rows.")
        order = np.random.default_rng(0).permutation(Data(x=recipe.x, y=recipe.y).rows)
        return recipe.with_rows(order)

    def edit(self, script: Script, before: Recipe, after: Recipe) -> Edits | None:
        """The order on a line before `fit`, and its arguments taken in that order.

        `np.take` reads arrays, lists and data frames alike; an array by its name is indexed.
        """
        call = method_call(script, before, "fit")
        if call is None or call.has_hidden_arguments:
            return None
        given = {name: call.argument(name, place) for name, place in _ARGUMENTS.items()}
        x = given["x"]
        if x is None or given["y"] is None:
            return None
        numpy, imports = script.module_alias("numpy", call.span)
        order = free_name(script, "row_order")
        line = f"{order} = {numpy}.random.default_rng(0).permutation(len({x.code}))"
        statement = call.insert_statement_before(line)
        if statement is None:
            return None
        edits = [*imports, *statement]
        for name, argument in given.items():
            if argument is None or argument.code == "None":
                continue
            if not _only_looks_up(argument.code):
                return None
            plain = name in before.plain and argument.code.isidentifier()
            taken = f"{argument.code}[{order}]" if plain else (
                f"{numpy}.take({argument.code}, {order}, axis=0)")
            edits.extend(call.set_argument(name, taken, position=_ARGUMENTS[name]) or ())
        return tuple(edits)


def _only_looks_up(code: str) -> bool:
    """True for a name, its attributes and what constants pick out of it: no computation."""
    if "\n" in code:
        return False
    nodes = ast.walk(ast.parse(code, mode="eval").body)
    allowed = (ast.Name, ast.Attribute, ast.Subscript, ast.Slice, ast.Constant, ast.Tuple,
               ast.UnaryOp, ast.USub, ast.Load)
    return all(isinstance(node, allowed) for node in nodes)
