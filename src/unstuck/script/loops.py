"""The loops that make a call again and again."""

from __future__ import annotations

from itertools import pairwise

import libcst as cst

from .tree import Tree


def counted_by(tree: Tree, call: cst.Call) -> cst.Call | None:
    """The `range(…)` of the innermost loop or comprehension around a call.

    A function that the call stands in, and that the source calls once, is left for the place where it
    is called. `None` where a loop of another kind comes first, or none.
    """
    for inner, outer in pairwise([call, *tree.ancestors(call)]):
        if isinstance(outer, cst.For) and inner is outer.body:
            return _range(outer.iter)
        if isinstance(outer, cst.ListComp | cst.GeneratorExp) and inner is outer.elt:
            once = outer.for_in.inner_for_in is None and not outer.for_in.ifs
            return _range(outer.for_in.iter) if once else None
        if isinstance(outer, cst.FunctionDef) and inner is outer.body:
            calls = [one for one in tree.calls.values()
                     if isinstance(one.func, cst.Name) and one.func.value == outer.name.value]
            return counted_by(tree, calls[0]) if len(calls) == 1 and calls[0] is not call else None
        if isinstance(outer, cst.While | cst.Lambda | cst.ClassDef | cst.BaseComp):
            return None
    return None


def _range(iterable: cst.BaseExpression) -> cst.Call | None:
    known = isinstance(iterable, cst.Call) and isinstance(iterable.func, cst.Name) and (
        iterable.func.value == "range")
    return iterable if known and isinstance(iterable, cst.Call) else None
