"""What the author of a script calls its layers, where Keras has made a name up.

`decoded = Dense(2)(encoded)` is "decoded" to whoever wrote it, and "dense_1" to Keras. Names that the
author gave (`name="code"`) stay as they are.
"""

from __future__ import annotations

import ast
import functools
import re
from collections import Counter

from unstuck.network.recipe import Recipe
from unstuck.script import Script, Span

_NUMBER = re.compile(r"_\d+$")
_ORDINALS = {1: "1st", 2: "2nd", 3: "3rd"}


def own_names(script: Script | None, recipe: Recipe) -> dict[str, str]:
    """For each layer that Keras named, a name from the script.

    That is the variable that only this layer is put into, as it is or applied to something; without
    such a variable it is "the layer in line 14", or "the 2nd layer in line 14".
    """
    if script is None:
        return {}
    places = {layer.name: recipe.sites.get(f"layer:{layer.name}") for layer in recipe.layers
              if _made_up(layer.name, layer.kind)}
    known = {name: span for name, span in places.items() if span is not None}
    variables = _variables(script.text)
    found = {name: variables[span] for name, span in known.items() if span in variables}
    often = Counter(found.values())
    found = {name: variable for name, variable in found.items() if often[variable] == 1}
    lines: dict[int, list[str]] = {}
    for name, span in known.items():
        if name not in found:
            lines.setdefault(span.line, []).append(name)
    for line, names in lines.items():
        for number, name in enumerate(names, 1):
            which = "" if len(names) == 1 else f"{_ORDINALS.get(number, f'{number}th')} "
            found[name] = f"the {which}layer in line {line}"
    return found


def _made_up(name: str, kind: str) -> bool:
    """True for a name that Keras makes of a layer's class: "dense_1", "max_pooling2d"."""
    return _NUMBER.sub("", name).replace("_", "") == kind.lower()


@functools.lru_cache(maxsize=8)
def _variables(text: str) -> dict[Span, str]:
    """The calls of a source whose value goes into a variable that is bound nowhere else, by place."""
    bound: Counter[str] = Counter()
    found: dict[Span, str] = {}
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store):
            bound[ast.unparse(node)] += 1
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            value: ast.expr = node.value
            while isinstance(value, ast.Call):
                found[_span(value)] = ast.unparse(node.targets[0])
                value = value.func
    return {span: name for span, name in found.items() if bound[name] == 1 and len(name) <= _LONGEST}


_LONGEST = 30


def _span(node: ast.expr) -> Span:
    assert node.end_lineno is not None and node.end_col_offset is not None
    return Span(node.lineno, node.col_offset, node.end_lineno, node.end_col_offset)
