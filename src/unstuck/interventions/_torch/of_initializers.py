"""First weights: the function of `torch.nn.init` that draws them, or a line behind the layer."""

from __future__ import annotations

from collections.abc import Mapping

import libcst as cst

from unstuck.network.recipe import Recipe
from unstuck.script import Call, Script

from .._initializer import initializer_of
from .._source import free_name
from ._names import Edits, call_at

DRAWS: Mapping[str, str] = {
    "glorot_uniform": "xavier_uniform_({})", "glorot_normal": "xavier_normal_({})",
    "he_normal": "kaiming_normal_({}, nonlinearity='relu')",
    "he_uniform": "kaiming_uniform_({}, nonlinearity='relu')",
    "lecun_normal": "kaiming_normal_({}, nonlinearity='linear')",
    "lecun_uniform": "kaiming_uniform_({}, nonlinearity='linear')",
}
"""Keras's words as functions of torch's."""


def initializer(script: Script, before: Recipe, after: Recipe, name: str) -> Edits | None:
    """The kernel's initialiser of a layer, as `after` has it."""
    word = initializer_of(after.architecture.layer(name))
    if word not in DRAWS:
        return None
    drawn = call_at(script, before, f"initializer:{name}")
    if drawn is not None:
        return _exchanged(script, drawn, word) if _alike(
            before, after, f"initializer:{name}", word) else None
    call = call_at(script, before, f"layer:{name}")
    if call is None or not _alike(before, after, f"layer:{name}", word):
        return None
    parent = call.tree.parent(call.node)
    if isinstance(parent, cst.Arg):
        return _in_sequential(script, before, after, call, word)
    if not isinstance(parent, cst.Assign) or len(parent.targets) != 1:
        return None
    target = call.tree.source(parent.targets[0].target)
    module, imports = script.module_alias("torch.nn", call.span)
    line = call.insert_statement_after(f"{module}.init.{DRAWS[word].format(f'{target}.weight')}")
    return None if line is None else (*imports, *line)


def _in_sequential(
    script: Script, before: Recipe, after: Recipe, call: Call, word: str
) -> Edits | None:
    """A loop behind a `Sequential` that draws all weights of its layers alike."""
    argument = call.tree.parent(call.node)
    outer = None if argument is None else call.tree.parent(argument)
    if not isinstance(outer, cst.Call) or not call.tree.source(outer.func).endswith("Sequential"):
        return None
    made, statement = call.tree.parent(outer), call.tree.own_lines(outer)
    if statement is None or not isinstance(made, cst.Assign) or len(made.targets) != 1:
        return None
    known = {layer.name: layer for layer in after.layers}
    begin, end = call.tree.bare_extent(outer)
    kinds = set()
    for site, span in before.sites.items():
        at = script.lines.offsets(span) if site.startswith("layer:") else None
        layer = known.get(site.partition(":")[2])
        if at is None or layer is None or not begin <= at[0] < at[1] <= end or (
                "kernel_initializer" not in layer.config):
            continue
        written = script.call(span)
        if written is None or initializer_of(layer) != word:
            return None
        kinds.add(written.callee)
    target = call.tree.source(made.targets[0].target)
    module, imports = script.module_alias("torch.nn", call.span)
    every = ", ".join(sorted(kinds))
    given = f"({every})" if len(kinds) > 1 else every
    each = free_name(script, "layer")
    line = call.tree.line_after(statement, (
        f"for {each} in {target}:\n    if isinstance({each}, {given}):\n"
        f"        {module}.init.{DRAWS[word].format(f'{each}.weight')}"))
    return (*imports, line)


def _exchanged(script: Script, call: Call, word: str) -> Edits | None:
    """Another function in the place of the one that draws now."""
    prefix, _, function = call.callee.rpartition(".")
    if prefix.endswith("init") and call.node.args:
        target = call.tree.source(call.node.args[0].value)
    elif prefix and function in ("normal_", "uniform_", "fill_", "zero_"):
        target = prefix
    else:
        return None
    if not prefix.endswith("init"):
        module, imports = script.module_alias("torch.nn", call.span)
        return (*imports, *call.replace(f"{module}.init.{DRAWS[word].format(target)}"))
    return call.replace(f"{prefix}.{DRAWS[word].format(target)}")


def _alike(before: Recipe, after: Recipe, site: str, word: str) -> bool:
    """True where all layers that are drawn there are to be drawn alike."""
    kind = site.partition(":")[0]
    sharing = [one.partition(":")[2] for one, span in before.sites.items()
               if one.startswith(f"{kind}:") and span == before.sites[site]]
    known = {layer.name: layer for layer in after.layers}
    return all(name not in known or "kernel_initializer" not in known[name].config
               or initializer_of(known[name]) == word for name in sharing)
