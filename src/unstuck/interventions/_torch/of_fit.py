"""Rate, optimizer, epochs, loss."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import libcst as cst

from unstuck.network.loss_names import config_of
from unstuck.network.optimizer import CLIPS
from unstuck.network.recipe import Recipe
from unstuck.network.torch_numbers import optimizers as numbers
from unstuck.network.torch_numbers.losses import AllPairs
from unstuck.script import Edit, Script, Span
from unstuck.script.tree import Tree, tree_of

from .._source import bracketed, number, set_value, tidy
from . import of_rates
from ._names import Edits, call_at, function_name, last_name, module_name

_WORDS = {"learning_rate": ("lr", 1), "momentum": ("momentum", 2), "nesterov": ("nesterov", None),
          "l2": ("weight_decay", None), "weight_decay": ("weight_decay", None),
          "epsilon": ("eps", None),
          "rho": ("alpha", None), "amsgrad": ("amsgrad", None), "dampening": ("dampening", None)}
"""What torch calls the arguments of optimizers, and where they stand."""


def optimizer(script: Script, before: Recipe, after: Recipe) -> Edits | None:
    """The optimizer at the call that makes it."""
    call = call_at(script, before, "optimizer")
    old, new = before.optimizer, after.optimizer
    if call is None or last_name(call) != old.kind or not hasattr(numbers, new.kind):
        return None
    around = of_rates.around(script, before, after)
    if around is None:
        return None
    if old.cls is new.cls:
        edits: Edits = around
        for key, value in new.config.items():
            if key in ("name", *CLIPS) or _same(value, old.config.get(key)) or not isinstance(
                    value, bool | int | float):  # schedules are written where they make their steps
                continue
            if key not in _WORDS:
                return None
            word, at = _WORDS[key]
            found = set_value(call, word, number(value), position=at)
            if found is None:
                return None
            edits += found
        return edits
    parameters = call.argument("params", 0)
    if parameters is None:
        return None
    defaults = getattr(numbers, new.kind)().get_config()
    given = {key: value for key, value in new.config.items()
             if key not in ("name", *CLIPS) and not _same(value, defaults.get(key))}
    if any(key not in _WORDS or not isinstance(value, bool | int | float)
           for key, value in given.items()):
        return None
    rate = {"learning_rate": new.config["learning_rate"]} if new.kind == "SGD" else {}
    words = [f"{_WORDS[key][0]}={number(value)}" for key, value in {**rate, **given}.items()]
    prefix = call.callee.rpartition(".")[0]
    if not prefix:
        prefix = script.module_alias("torch.optim", call.span)[0]
    made = call.replace(f"{prefix}.{new.kind}({', '.join([parameters.code, *words])})")
    return (*made, *around)


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return tidy(one) == tidy(other)
    return bool(one == other)


def epochs(script: Script, before: Recipe, after: Recipe) -> Edits | None:
    """The end of the `range` that counts them."""
    call = call_at(script, before, "rounds")
    if call is None or last_name(call) != "range":
        return None
    rounds = math.ceil(before.rounds * after.epochs / before.epochs)
    stop, start = call.argument("stop", 1), call.argument("start", 0)
    if stop is None:
        return set_value(call, "stop", str(rounds), position=0)
    if start is None or not start.code.isdecimal():
        return None
    return set_value(call, "stop", str(int(start.code) + rounds), position=1)


LOSSES = {
    ("mean_squared_error", False): ("MSELoss", "mse_loss"),
    ("mean_absolute_error", False): ("L1Loss", "l1_loss"),
    ("huber", False): ("HuberLoss", "huber_loss"),
    ("binary_crossentropy", False): ("BCELoss", "binary_cross_entropy"),
    ("binary_crossentropy", True): ("BCEWithLogitsLoss", "binary_cross_entropy_with_logits"),
    ("sparse_categorical_crossentropy", True): ("CrossEntropyLoss", "cross_entropy"),
    ("categorical_crossentropy", True): ("CrossEntropyLoss", "cross_entropy"),
}
"""What Keras's losses are in torch, as a module and as a function: of probabilities, and of logits."""


def loss(script: Script, before: Recipe, after: Recipe) -> Edits | None:
    """The module that is made, or the function that is called.

    Keras's losses take (rows,) for (rows, 1); torch's compare each output with all targets then.
    """
    places = len(before.architecture.source.output_shape)
    shaped: Edits | None = ()
    if isinstance(before.loss, AllPairs) and after.y.ndim == before.y.ndim != places:
        shaped = _shaped(script, before, column=before.y.ndim < places)
    exchanged = _exchanged(script, before, after)
    return None if shaped is None or exchanged is None else (*exchanged, *shaped)


def _exchanged(script: Script, before: Recipe, after: Recipe) -> Edits | None:
    call = call_at(script, before, "loss")
    name, config = config_of(after.loss)
    known = LOSSES.get((name, bool(config.get("from_logits"))))
    if (name, config) == config_of(before.loss):
        return ()  # it is written as arithmetic, and stays
    if call is None or known is None or config.get("reduction") not in (
            None, "sum_over_batch_size", "mean_with_sample_weight"):
        return None
    module, function = known
    written = last_name(call)
    if written[:1].isupper():
        spelled, imports = module_name(script, call.span, module, like=call.callee)
        return (*imports, *call.replace(f"{spelled}()"))
    spelled, imports = function_name(script, call.span, function)
    given, target = call.argument("input", 0), call.argument("target", 1)
    if given is None or target is None or len(call.node.args) != 2:
        return None
    return (*imports, *call.replace(f"{spelled}({given.code}, {target.code})"))


def targets(script: Script, before: Recipe, after: Recipe) -> Edits | None:
    """Targets of another shape, where outputs meet them."""
    return _shaped(script, before, column=after.y.ndim > before.y.ndim)


def _shaped(script: Script, before: Recipe, *, column: bool) -> Edits | None:
    tail = ".unsqueeze(1)" if column else ".reshape(-1)"
    for at in (0, 1):
        span = before.sites.get(f"meets:{at}")
        call = None if span is None else script.call(span)
        if call is not None:
            given = call.argument(("input", "target")[at], at)
            return None if given is None else (
                Edit(start=given.end, end=given.end, replacement=tail),)
        tree, sides = _sides(script, span)
        if tree is not None and sides and isinstance(
                sides[at], cst.Name | cst.Subscript | cst.Call | cst.Attribute):
            end = tree.extent(sides[at])[1]
            return (Edit(start=end, end=end, replacement=tail),)
    return None


def _sides(
    script: Script, span: Span | None
) -> tuple[Tree | None, tuple[cst.BaseExpression, cst.BaseExpression] | None]:
    """The two sides of the arithmetic that stands at a place, and the tree that they are of."""
    tree = tree_of(script.text)
    offsets = None if span is None else script.lines.offsets(span)
    if tree is None or offsets is None:
        return None, None
    for node in tree.positions:
        if isinstance(node, cst.BinaryOperation) and tree.bare_extent(node) == offsets:
            return tree, (node.left, node.right)
        if isinstance(node, cst.AugAssign) and tree.bare_extent(node) == offsets:
            return tree, (node.target, node.value)
    return tree, None


def loss_weights(script: Script, before: Recipe, after: Recipe) -> Edits | None:
    """A factor of what compares outputs with targets, where other terms are added to it."""
    for at in (0, 1):
        tree, sides = _sides(script, before.sites.get(f"weighed:{at}"))
        if tree is None or sides is None:
            continue
        factor = number(tidy(_weight(after) / _weight(before)))
        start, end = tree.extent(sides[at])
        weighed = f"{factor} * {bracketed(tree.data[start:end].decode())}"
        parent = tree.parent(sides[at])
        if not (isinstance(parent, cst.AugAssign) and at == 0):
            return (Edit(start=start, end=end, replacement=weighed),)
        if isinstance(parent.operator, cst.AddAssign):
            start, end = tree.bare_extent(parent)
            name, other = (tree.source(side) for side in sides)
            return (Edit(start=start, end=end, replacement=f"{name} = {weighed} + {other}"),)
    return None


def _weight(recipe: Recipe) -> float:
    """What the loss of the only output is multiplied by."""
    given = recipe.loss_weights
    return 1.0 if given is None else float(given[0] if isinstance(given, list) else given)


def view(script: Script, before: Recipe, after: Recipe) -> Edits | None:
    """`permute` in the place of the view that the rows are cut out by."""
    call = call_at(script, before, "view")
    if call is None or before.viewed is None:
        return None
    function = call.node.func
    dims = ", ".join(map(str, before.viewed.dims))
    if isinstance(function, cst.Attribute) and call.callee.rpartition(".")[0] != "torch":
        return call.replace(f"{call.tree.source(function.value)}.permute({dims})")
    given = call.argument("input", 0)
    return None if given is None else call.replace(f"torch.permute({given.code}, ({dims}))")


WRITERS: dict[str, Callable[..., Edits | None]] = {
    "optimizer": optimizer, "epochs": epochs, "loss": loss, "loss_weights": loss_weights,
    "targets": targets, "view": view}
