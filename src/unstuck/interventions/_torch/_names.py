"""Calls and names in a torch script."""

from __future__ import annotations

import libcst as cst

from unstuck.network.recipe import Recipe
from unstuck.script import Call, Edit, Script, Span
from unstuck.script.tree import Tree, tree_of

Edits = tuple[Edit, ...]


def call_at(script: Script, recipe: Recipe, site: str) -> Call | None:
    """The call at a site of the recipe."""
    span = recipe.sites.get(site)
    return None if span is None else script.call(span)


def last_name(call: Call) -> str:
    """What is called: "Linear" for `nn.Linear(…)`."""
    return call.callee.rpartition(".")[2]


def module_name(script: Script, span: Span, kind: str, *, like: str = "") -> tuple[str, Edits]:
    """How code at a place writes a module of `torch.nn`, and the import that it needs.

    `like` is a callee that is written there already: `nn.ReLU` gives `nn.Sigmoid`.
    """
    prefix = like.rpartition(".")[0]
    if prefix:
        return f"{prefix}.{kind}", ()
    name, imports = script.module_alias("torch.nn", span)
    return f"{name}.{kind}", imports


def function_name(script: Script, span: Span, name: str) -> tuple[str, Edits]:
    """The same for a function of `torch` or `torch.nn.functional`."""
    module = "torch" if name in ("relu", "sigmoid", "tanh") else "torch.nn.functional"
    alias, imports = script.module_alias(module, span)
    return f"{alias}.{name}", imports


def statement_at(
    script: Script, recipe: Recipe, site: str
) -> tuple[Tree, cst.SimpleStatementLine] | None:
    """The statement that a site's call stands in, if it has its lines for itself."""
    call = call_at(script, recipe, site)
    tree = tree_of(script.text)
    if call is None or tree is None:
        return None
    statement = call.tree.own_lines(call.node)
    return None if statement is None else (call.tree, statement)

