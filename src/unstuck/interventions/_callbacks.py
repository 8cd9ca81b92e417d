"""Writing callbacks: all that differs between the recipe before and after, in one go."""

from __future__ import annotations

import ast

from unstuck.network.callback_rules import EarlyStopping, Rule
from unstuck.network.recipe import Recipe
from unstuck.script import Call, Script

from . import _source as source


def callback_edits(script: Script, before: Recipe, after: Recipe) -> source.Edits | None:
    """What writes the callbacks of `after`: other patience where they are made, some of them gone."""
    edits: source.Edits = ()
    gone = []
    for rule in before.rules.rules:
        call = source.site_call(script, before, f"callback:{rule.place}")
        if call is None or not source.constructs(script, call, f"keras.callbacks.{rule.kind}"):
            return None
        now = after.rules.at(rule.place)
        if now is None:
            gone.append((rule, call))
        elif isinstance(now, EarlyStopping) and now != rule:
            written = source.set_value(call, "patience", str(now.patience), position=2)
            if written is None:
                return None
            edits += written
    removed = _removed(script, before, gone) if gone else ()
    return None if removed is None else (*edits, *removed)


def _removed(script: Script, before: Recipe, gone: list[tuple[Rule, Call]]) -> source.Edits | None:
    fit = source.method_call(script, before, "fit")
    given = None if fit is None else fit.argument("callbacks", 5)
    if fit is None or given is None:
        return None
    listed = ast.parse(f"(\n{given.code}\n)", mode="eval").body
    if isinstance(listed, ast.List | ast.Tuple):
        spelled = [_segment(given.code, element) for element in listed.elts]
        names = {_name(script, call) for _, call in gone} | {_code(script, call) for _, call in gone}
        left = [code for code in spelled if code not in names]
        if len(spelled) - len(left) != len(gone):
            return None
        if left and len(gone) == 1 and (taken := gone[0][1].remove_layer()) is not None:
            return taken
        if not left:
            return fit.remove_argument("callbacks", position=5)
        return fit.set_argument("callbacks", f"[{', '.join(left)}]", position=5)
    if len(gone) > 1:
        return None
    code = {_name(script, gone[0][1]), _code(script, gone[0][1])}
    if given.code in code:
        return fit.remove_argument("callbacks", position=5)
    return gone[0][1].remove_layer()  # an element of a list made before


def _segment(code: str, element: ast.expr) -> str:
    return ast.get_source_segment(f"(\n{code}\n)", element) or ""


def _code(script: Script, call: Call) -> str:
    return script.excerpt(call.span)


def _name(script: Script, call: Call) -> str | None:
    """The name that a call's result is assigned to, in a plain assignment."""
    for node in ast.walk(ast.parse(script.text)):
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            target, value = node.targets[0], node.value
            place = value.lineno, value.col_offset
            if isinstance(target, ast.Name) and place == (call.span.line, call.span.column):
                return target.id
    return None
