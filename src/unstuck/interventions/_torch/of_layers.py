"""Activations, widths, layers left out, layers made in the wrong place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import libcst as cst

from unstuck.network.rebuilding import rebuilt
from unstuck.network.recipe import Recipe
from unstuck.script import Call, Edit, Script

from ._names import Edits, call_at, function_name, last_name, module_name
from .of_graph import joined, kept_layer
from .of_initializers import initializer
from .of_scales import scaled

MODULES = {"relu": "ReLU()", "sigmoid": "Sigmoid()", "tanh": "Tanh()", "leaky_relu": "LeakyReLU(0.2)",
           "elu": "ELU()", "gelu": "GELU()", "silu": "SiLU()", "swish": "SiLU()", "selu": "SELU()",
           "softplus": "Softplus()", "softmax": "Softmax(dim=-1)", "log_softmax": "LogSoftmax(dim=-1)",
           "linear": "Identity()"}
"""Keras's words as modules of torch's; Keras's leaky_relu has a slope of 0.2."""
FUNCTIONS = {"relu": "relu({})", "sigmoid": "sigmoid({})", "tanh": "tanh({})",
             "leaky_relu": "leaky_relu({}, 0.2)", "elu": "elu({})", "gelu": "gelu({})",
             "silu": "silu({})", "swish": "silu({})", "selu": "selu({})", "softplus": "softplus({})",
             "softmax": "softmax({}, dim=-1)", "log_softmax": "log_softmax({}, dim=-1)"}
_INPUTS = {"Linear": ("in_features", 0), "Conv1d": ("in_channels", 0), "Conv2d": ("in_channels", 0),
           "Conv3d": ("in_channels", 0), "ConvTranspose1d": ("in_channels", 0),
           "ConvTranspose2d": ("in_channels", 0), "GRU": ("input_size", 0), "LSTM": ("input_size", 0),
           "RNN": ("input_size", 0)}
_OUTPUTS = {"Linear": ("out_features", 1), "Conv1d": ("out_channels", 1), "Conv2d": ("out_channels", 1),
            "Conv3d": ("out_channels", 1), "ConvTranspose1d": ("out_channels", 1),
            "ConvTranspose2d": ("out_channels", 1), "GRU": ("hidden_size", 1),
            "LSTM": ("hidden_size", 1), "RNN": ("hidden_size", 1), "Embedding": ("embedding_dim", 1)}
_NORMS = {"BatchNorm1d": ("num_features", 0), "BatchNorm2d": ("num_features", 0),
          "LayerNorm": ("normalized_shape", 0)}


def layer(script: Script, before: Recipe, after: Recipe, name: str, key: str) -> Edits | None:
    """An argument of a layer."""
    if key == "activation":
        word = after.architecture.layer(name).config.get("activation")
        return activation(script, before, after, name, word) if isinstance(word, str) else None
    if key in ("units", "filters", "output_dim"):
        return widths(script, before, after)
    if key == "kernel_initializer":
        return initializer(script, before, after, name)
    if key == "trainable":
        return _unfrozen(script)
    if key == "axis":
        return last_axis(script, before, name)
    if key == "batch_first":
        call = call_at(script, before, f"layer:{name}")
        return None if call is None else call.set_argument("batch_first", "True")
    if key == "cuts":
        return joined(script, before, name)
    if key == "made_anew":
        return kept_layer(script, before, name, _sizes(before)[name])
    return None


def last_axis(script: Script, before: Recipe, name: str) -> Edits | None:
    """`dim=-1` for a softmax."""
    call = call_at(script, before, f"layer:{name}")
    if call is None or "softmax" not in last_name(call).lower():
        return None
    method = not last_name(call)[:1].isupper() and len(call.node.args) < 2 and (
        call.argument("dim") is None)
    at = 0 if last_name(call)[:1].isupper() or method else 1
    return call.set_argument("dim", "-1", position=at)


def activation(script: Script, before: Recipe, after: Recipe, name: str, word: str) -> Edits | None:
    """The activation behind a layer, where it is written: a module, a function or a method."""
    site = f"activation:{name}"
    if site not in before.sites:
        site = f"layer:{name}"
        if before.architecture.layer(name).kind not in ("Activation", "LeakyReLU", "ELU", "ReLU",
                                                        "Softmax"):
            return _put_behind(script, before, name, word)
    if not _alike(before, after, site, word):
        return None
    call = call_at(script, before, site)
    return None if call is None or word not in MODULES else _exchanged(script, call, word)


def _exchanged(script: Script, call: Call, word: str) -> Edits | None:
    written = last_name(call)
    if written[:1].isupper():
        spelled, imports = module_name(script, call.span, MODULES[word], like=call.callee)
        return (*imports, *call.replace(spelled))
    function = call.node.func
    module = call.callee.rpartition(".")[0]
    if isinstance(function, cst.Attribute) and not call.node.args:  # x.relu()
        given = call.tree.source(function.value)
    elif call.node.args and (module in ("torch", "F", "") or module.startswith(("torch.", "nn."))):
        given = call.tree.source(call.node.args[0].value)
    elif isinstance(function, cst.Attribute) and module not in ("torch", "F"):  # x.softmax(1)
        given = call.tree.source(function.value)
    else:
        return None
    if word == "linear":
        return call.replace(given)
    spelled, imports = function_name(script, call.span, FUNCTIONS[word].partition("(")[0])
    rest = FUNCTIONS[word].partition("(")[2]
    return (*imports, *call.replace(f"{spelled}({rest.format(given)}"))


def _alike(before: Recipe, after: Recipe, site: str, word: str) -> bool:
    """True where all that one place in the source does is changed alike."""
    span = before.sites.get(site)
    sharing = [one.partition(":")[2] for one, other in before.sites.items()
               if other == span and one.startswith(("activation:", "layer:"))
               and one.partition(":")[0] == site.partition(":")[0]]
    known = {one.name: one for one in after.layers}
    return all((one in known and known[one].config.get("activation") == word) or one not in known
               for one in sharing)


def _put_behind(script: Script, before: Recipe, name: str, word: str) -> Edits | None:
    """A module behind one in a `Sequential` that has none; a call around that in `forward`."""
    call = call_at(script, before, f"layer:{name}")
    if call is not None and word in MODULES:
        parent = call.tree.parent(call.node)
        outer = call.tree.parent(parent) if parent is not None else None
        if isinstance(outer, cst.Call) and call.tree.source(outer.func).endswith("Sequential"):
            spelled, imports = module_name(script, call.span, MODULES[word], like=call.callee)
            return (*imports, Edit(start=call.end, end=call.end, replacement=f", {spelled}"))
    used = call_at(script, before, f"call:{name}")
    if used is None or word not in FUNCTIONS:
        return None
    spelled, imports = function_name(script, used.span, FUNCTIONS[word].partition("(")[0])
    rest = FUNCTIONS[word].partition("(")[2]
    return (*imports, *used.replace(f"{spelled}({rest.format(used.code)}"))


def widths(script: Script, before: Recipe, after: Recipe) -> Edits | None:
    """The widths that `after` has, in both layers that meet."""
    old, new = _sizes(before), _sizes(after)
    wanted: dict[str, tuple[int, int]] = {name: size for name, size in new.items()
                                          if old.get(name) != size}
    edits: Edits = ()
    for name, (given, out) in wanted.items():
        call = call_at(script, before, f"layer:{name}")
        if call is None or name not in old:
            return None
        span = before.sites[f"layer:{name}"]
        sharing = [site.partition(":")[2] for site, other in before.sites.items()
                   if other == span and site.startswith("layer:")]
        if any(new.get(other) != new[name] for other in sharing):
            return None
        kind = last_name(call)
        if kind in _NORMS:
            found = call.set_argument(*_at(_NORMS[kind], out))
            edits += found or ()
            continue
        if kind not in _OUTPUTS:
            return None
        if old[name][1] != out:
            edits += call.set_argument(_OUTPUTS[kind][0], str(out), position=_OUTPUTS[kind][1]) or ()
        if kind in _INPUTS and old[name][0] != given:
            edits += call.set_argument(_INPUTS[kind][0], str(given), position=_INPUTS[kind][1]) or ()
    return edits


def _at(argument: tuple[str, int], value: int) -> tuple[str, str]:
    return argument[0], str(value)


def _sizes(recipe: Recipe) -> dict[str, tuple[int, int]]:
    """How many numbers go into each layer with weights, and come out."""
    found = {}
    for one in rebuilt(recipe.architecture).model.layers:
        cell = getattr(one, "cell", one)
        kernel: Any = getattr(cell, "kernel", getattr(one, "embeddings", None))
        if kernel is not None:
            units = getattr(one, "units", getattr(one, "filters", kernel.shape[-1]))
            found[one.name] = (int(kernel.shape[-2]), int(units))
        elif getattr(one, "gamma", None) is not None:
            found[one.name] = (0, int(one.gamma.shape[-1]))
    return found


def removed(script: Script, before: Recipe, after: Recipe, name: str) -> Edits | None:
    """A layer left out: its module an `Identity`, its function gone."""
    gone = before.architecture.layer(name)
    instead = next((one for one in after.architecture.inserted
                    if one.anchor in gone.inputs and one.kind == "Activation"), None)
    call = call_at(script, before, f"layer:{name}")
    if call is None:
        return None
    if instead is not None:
        return _exchanged(script, call, instead.config["activation"])
    if gone.kind in ("Dropout", "Activation", "LeakyReLU", "ELU", "ReLU", "Softmax"):
        return _exchanged(script, call, "linear")
    if last_name(call)[:1].isupper() and gone.kind.endswith("Normalization"):
        spelled, imports = module_name(script, call.span, "Identity()", like=call.callee)
        return (*imports, *call.replace(spelled))
    return None


def inserted(
    script: Script, before: Recipe, after: Recipe, anchor: str, where: str, kind: str
) -> Edits | None:
    """What scales is arithmetic; an activation in the place of another one is written with that."""
    new = next(one for one in after.architecture.inserted
               if (one.anchor, one.where, one.kind) == (anchor, where, kind))
    if kind in ("Rescaling", "Normalization"):
        entry = before.architecture.layer(anchor).kind == "InputLayer"
        return scaled(script, before, new.config, entry=entry)
    replaced = any(anchor in one.inputs and one.name in after.architecture.removed
                   for one in before.layers)
    return () if kind == "Activation" and replaced else None


def _unfrozen(script: Script) -> Edits | None:
    """The one statement that freezes, the other way round."""
    data = script.lines.data
    found = []
    for text in (b".requires_grad = False", b".requires_grad_(False)"):
        at = data.find(text)
        while at >= 0:
            found.append(at + text.index(b"False"))
            at = data.find(text, at + 1)
    return (Edit(start=found[0], end=found[0] + 5, replacement="True"),) if len(found) == 1 else None


WRITERS: dict[str, Callable[..., Edits | None]] = {
    "layer": layer, "removed": removed, "inserted": inserted}
