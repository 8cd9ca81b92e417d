"""The loss, in both faces; for the interventions that set it."""

from __future__ import annotations

import ast
from contextlib import suppress
from dataclasses import replace
from typing import Any, ClassVar

import keras

from unstuck.base.errors import NotSupported
from unstuck.network import outputs
from unstuck.network.recipe import Recipe
from unstuck.network.torch_numbers import SPELLING
from unstuck.network.torch_numbers.losses import BCELoss
from unstuck.script import Call, Script

from . import Intervention
from . import _source as source


class OfLossWeights(Intervention):
    """A change of the weights of the losses."""

    kind: ClassVar[str] = "loss"
    cost: ClassVar[float] = 2

    @property
    def site(self) -> str:
        """The part it changes."""
        return "compile"

    @property
    def conflicts(self) -> frozenset[str]:
        """The weights of the losses."""
        return frozenset({"compile.loss_weights"})


def with_loss(recipe: Recipe, name: str, *, from_logits: bool) -> Recipe:
    """The recipe with a loss of Keras's for its only output.

    Raises:
        NotSupported: there are several outputs, the script's own step computes what is minimised, or
            Keras has no such loss.
    """
    if recipe.minimises_its_own:
        raise NotSupported("What is minimised is computed by the script's own step.")
    if recipe.several_outputs:
        raise NotSupported("The network has several outputs, each with a loss of its own.")
    try:
        keras.losses.get(name)
    except ValueError as error:
        raise NotSupported(f"Keras has no loss called {name!r}.") from error
    if recipe.written_for == SPELLING and (name, from_logits) == ("binary_crossentropy", False):
        return replace(recipe, loss=BCELoss())
    if not from_logits:
        return replace(recipe, loss=name)
    return replace(recipe, loss=getattr(keras.losses, str(_class_name(name)))(from_logits=True))


def weights_edits(script: Script, before: Recipe, after: Recipe) -> source.Edits | None:
    """What writes the weights of the losses of `after` into `compile`.

    One loss for all of several outputs takes one weight: then it is written once for each.
    """
    call = source.method_call(script, before, "compile")
    if call is None:
        return None
    before, after = before.whole or before, after.whole or after
    given = after.loss_weights
    if isinstance(given, dict):
        parts = ", ".join(f"{source.quoted(script, name)}: {source.number(weight)}"
                          for name, weight in given.items())
        code = f"{{{parts}}}"
    else:
        code = f"[{', '.join(map(source.number, given))}]"
    weights = call.set_argument("loss_weights", code, position=2)
    alone = len(given) == 1 or isinstance(before.loss, list | tuple | dict)
    losses = () if alone else several_losses_edits(script, call, before, after)
    return None if weights is None or losses is None else (*losses, *weights)


def loss_edits(script: Script, before: Recipe, after: Recipe) -> source.Edits | None:
    """What writes the loss of `after` into `compile`, beside those of other outputs.

    In a loop written by hand, what makes another loss object.
    """
    call = source.method_call(script, before, "compile")
    if call is None:
        return _object_edits(script, before, after)
    if before.whole is not None and after.whole is not None:
        return several_losses_edits(script, call, before.whole, after.whole)
    given = call.assigned_argument("loss", 1, called=True) or call.argument("loss", 1)
    code, imports = _code(script, call, after.loss, given.code if given else "")
    edits = call.set_definition("loss", code, 1, called=True)
    if edits is None:
        edits = call.set_argument("loss", code, position=1)
    return None if edits is None else (*imports, *edits)


def _object_edits(script: Script, before: Recipe, after: Recipe) -> source.Edits | None:
    """Another loss object where the script makes one of Keras's with nothing said but of logits."""
    call = source.site_call(script, before, "loss")
    if before.loop is None and before.sites.get("update") is None:
        return None
    if call is None or not _makes_an_object(call.code) or any(
            one.keyword is None or one.keyword.value != "from_logits" for one in call.node.args):
        return None
    code, imports = _code(script, call, after.loss, call.code)
    return (*imports, *call.replace(code))


def several_losses_edits(
    script: Script, call: Call, before: Recipe, after: Recipe
) -> source.Edits | None:
    """What writes a loss for each output into `compile`, the code of those left alone kept."""
    written = _losses_as_written(script, call, before)
    if written is None:
        return None
    brackets, keys, codes = written
    imports: source.Edits = ()
    was, now = outputs.in_order(before, before.loss), outputs.in_order(after, after.loss)
    for i, (old, new) in enumerate(zip(was, now, strict=True)):
        if new is not old:
            codes[i], more = _code(script, call, new, codes[i])
            imports += more
    inside = ", ".join(key + code for key, code in zip(keys, codes, strict=True))
    edits = call.set_argument("loss", f"{brackets[0]}{inside}{brackets[1]}", position=1)
    return None if edits is None else (*imports, *edits)


def _losses_as_written(
    script: Script, call: Call, recipe: Recipe
) -> tuple[str, list[str], list[str]] | None:
    """The losses in `compile`: brackets, what stands before each output's, and the code of it.

    `None` where they do not stand there plainly.
    """
    given, names = call.argument("loss", 1), outputs.names(recipe)
    if given is None:
        return None
    text = f"(\n{given.code}\n)"
    node = ast.parse(text, mode="eval").body

    def code(part: ast.expr) -> str:
        return ast.get_source_segment(text, part) or ""

    if isinstance(node, ast.List | ast.Tuple) and len(node.elts) == len(names):
        return "[]", [""] * len(names), [code(part) for part in node.elts]
    if isinstance(node, ast.Dict):
        values = {key.value: (code(key), code(value))
                  for key, value in zip(node.keys, node.values, strict=True)
                  if isinstance(key, ast.Constant)}
        if set(values) != set(names):
            return None
        return ("{}", [f"{values[name][0]}: " for name in names],
                [values[name][1] for name in names])
    if isinstance(recipe.loss, list | tuple | dict):
        return None
    codes = [given.code] * len(names)
    if outputs.by_name(recipe):
        return "{}", [f"{source.quoted(script, name)}: " for name in names], codes
    return "[]", [""] * len(names), codes


def _code(script: Script, call: Call, loss: Any, was: str) -> tuple[str, source.Edits]:
    """A loss of Keras's as code at a call, and the import that it needs.

    It is an object where the code of the loss before it, `was`, makes one.
    """
    made = _class_name(loss) if isinstance(loss, str) else type(loss).__name__
    if isinstance(loss, str) and (made is None or not _makes_an_object(was)):
        given = call.assigned_argument("loss", 1) or call.argument("loss", 1)
        return source.quoted(script, loss, given), ()
    name, imports = source.keras_name(script, call, f"losses.{made}")
    return source.make(name, {} if isinstance(loss, str) else {"from_logits": "True"}), imports


def _makes_an_object(code: str) -> bool:
    """True of "losses.Huber()": a class of Keras's losses is called."""
    with suppress(SyntaxError):
        node = ast.parse(f"({code})", mode="eval").body
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
            name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
            return isinstance(getattr(keras.losses, name, None), type)
    return False


def _class_name(name: str) -> str | None:
    """The class of a loss that is called by name: "MeanSquaredError" of "mse"; `None` without one."""
    wanted = keras.losses.get(name).__name__.replace("_", "")
    return next((known for known in dir(keras.losses) if known.lower() == wanted
                 and isinstance(getattr(keras.losses, known), type)), None)
