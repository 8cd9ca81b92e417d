"""What is written about targets: lines before `fit` that scale them, so that what is done later still
means what it meant; or the arguments with which `fit` is given them.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping

from unstuck.network import outputs
from unstuck.network.recipe import Recipe
from unstuck.script import Call, Script

from . import _source as source
from ._batched import rows_behind

_HARMLESS = frozenset({"summary", "count_params", "name"})
_PUTS_OUT = frozenset({"predict", "predict_on_batch", "save", "export"})
_JUDGES = re.compile(r"\.(?:predict|evaluate|predict_on_batch|test_on_batch)\(")


def scaled_targets_edits(script: Script, before: Recipe) -> source.Edits | None:
    """Lines that scale the targets of `fit`, and those held back; a layer behind it that undoes it.

    Of one of several outputs only its own targets are. The layer is only put where the network is asked
    again later. Targets that are read later keep their name for what they were. `None` where something
    later would mean something else: an evaluation, more training, a network given to a function.
    """
    fit = source.method_call(script, before, "fit")
    whole = before.whole or before
    if fit is None or fit.has_hidden_arguments or fit.in_function or fit.in_loop_or_comprehension or (
            "y" not in whole.plain):
        return None
    model = fit.callee.removesuffix(".fit")
    x, y, ahead = _names_ahead(script, before, fit)
    if x is None or y is None or ahead is None or not model.isidentifier():
        return None
    held: tuple[str, str] | None = None
    if whole.validation_data is not None:
        given = fit.argument("validation_data", 7)
        held = None if given is None else _held_names(given.code, before)
        if held is None:
            return None
    earlier, later = _around(script, fit)
    if _JUDGES.search(earlier):
        return None
    used = _uses(later, model)
    if not used <= _HARMLESS | _PUTS_OUT:
        return None
    names = list(dict.fromkeys([y, *([held[1]] if held else [])]))
    called = "y" if before.whole is None else y
    mean, spread = (source.free_name(script, f"{called}_{what}") for what in ("mean", "std"))
    axis = "axis=0" if before.y.ndim == 2 and before.y.shape[1] > 1 else ""
    lines = [f"{mean}, {spread} = {y}.mean({axis}), {y}.std({axis})"]
    scaled = {name: f"({name} - {mean}) / {spread}" for name in names}
    edits: source.Edits = ()
    kept = {x, *([held[0]] if held else [])}
    if whole.taped:
        read = _read_otherwise(script, fit, before, scaled.__getitem__)
        if read is None:
            return None
        edits += read
    elif any(name in kept or re.search(rf"\b{name}\b", later) for name in names):
        if before.whole is not None:
            return None  # another output's change may want the same argument
        edits += fit.set_argument("y", scaled[y], position=1) or ()
        if held:
            edits += fit.set_argument(
                "validation_data", f"({held[0]}, {scaled[held[1]]})", position=7) or ()
    else:
        lines += [f"{name} = {code}" for name, code in scaled.items()]
    if used & _PUTS_OUT:
        undone = _undone(script, fit, model, mean, spread) if before.whole is None else None
        if undone is None:
            return None
        edits += undone
    else:
        out = f"{model}.predict({x}){_taken(before)}"
        lines.insert(0, f"# in the old units: {out} * {spread} + {mean}")
    put = ahead.insert_statement_before("\n".join(lines))
    return None if put is None else (*put, *edits)


def _names_ahead(
    script: Script, before: Recipe, fit: Call
) -> tuple[str | None, str | None, Call | None]:
    """How inputs are written, the name of the targets, and the call before which lines change these."""
    if (before.whole or before).taped:
        named = before.named if before.whole is None else {}
        return named.get("x"), named.get("y"), rows_behind(script, before, fit)
    x, y = fit.argument("x", 0), fit.argument("y", 1)
    return (None if x is None else x.code), (None if y is None else _name_of(y.code, before)), fit


def _name_of(code: str, before: Recipe) -> str | None:
    """The name of the targets of the output in question; `None` where they have none."""
    if before.whole is None:
        return code if code.isidentifier() else None
    node: ast.expr | None = ast.parse(f"(\n{code}\n)", mode="eval").body
    known, place = outputs.names(before.whole), outputs.place(before)
    if isinstance(node, ast.Dict):
        node = next((value for key, value in zip(node.keys, node.values, strict=True)
                     if isinstance(key, ast.Constant) and key.value == known[place]), None)
    elif isinstance(node, ast.List | ast.Tuple):
        node = node.elts[place] if len(node.elts) == len(known) else None
    return node.id if isinstance(node, ast.Name) else None


def _held_names(code: str, before: Recipe) -> tuple[str, str] | None:
    """The names of the inputs held back, and of the targets in question."""
    if before.whole is None:
        return source.pair_of_names(code)
    text = f"(\n{code}\n)"
    node = ast.parse(text, mode="eval").body
    if not isinstance(node, ast.Tuple) or len(node.elts) != 2 or not isinstance(node.elts[0], ast.Name):
        return None
    part = ast.get_source_segment(text, node.elts[1]) or ""
    target = _name_of(part, before)
    return None if target is None else (node.elts[0].id, target)


def _taken(before: Recipe) -> str:
    """What takes the output in question out of what the network puts out."""
    if before.whole is None:
        return ""
    place = outputs.place(before)
    if isinstance(before.whole.architecture.output_structure, Mapping):
        return f"[{outputs.names(before.whole)[place]!r}]"
    return f"[{place}]"


def _around(script: Script, fit: Call) -> tuple[str, str]:
    """The lines before a call, and those behind it."""
    lines = script.text.splitlines()
    return "\n".join(lines[: fit.span.line - 1]), "\n".join(lines[fit.span.end_line :])


def _uses(text: str, model: str) -> set[str]:
    """What a text does with a network: the methods that it calls, "predict" where it is called."""
    found = set()
    for match in re.finditer(rf"(?<![\w.]){model}\b(?:\.(\w+)|(\())?", text):
        method, called = match.groups()
        found.add(method or ("predict" if called else "given away"))
    return found


def _undone(
    script: Script, fit: Call, model: str, mean: str, spread: str
) -> source.Edits | None:
    """A line behind `fit` that puts a layer behind the network which brings the old units back."""
    sequential, imports = source.keras_name(script, fit, "Sequential")
    rescaling, more = source.keras_name(script, fit, "layers.Rescaling")
    put = fit.insert_statement_after(
        f"# what the network puts out is in the old units again\n"
        f"{model} = {sequential}([{model}, {rescaling}(scale={spread}, offset={mean})])")
    return None if put is None else (*imports, *more, *put)


def targets_named(fit: Call, before: Recipe) -> str | None:
    """How the targets of `fit` are written: in its call, or where batches are cut from them."""
    if before.taped:
        return before.named.get("y")
    given = fit.argument("y", 1)
    return None if given is None else given.code


def targets_handed_over(
    script: Script, call: Call, before: Recipe, y: str, written: Callable[[str], str],
    pair_of: Callable[[str], tuple[str, str] | None],
) -> source.Edits | None:
    """Targets written otherwise where `fit` is given them, and those that are held back.

    Where they come in batches, they are where the batches are cut.

    Args:
        script: the source.
        call: that of `fit`.
        before: the recipe as captured.
        y: how its targets are written.
        written: how they are to be written instead.
        pair_of: inputs and targets of `validation_data`, as they are written; `None` where no edit of
            them is safe.
    """
    if before.taped:
        return _read_otherwise(script, call, before, written)
    edits = call.set_argument("y", written(y), position=1)
    if before.validation_data is None or edits is None:
        return edits
    held = call.argument("validation_data", 7)
    pair = None if held is None else pair_of(held.code)
    if pair is None:
        return None
    more = call.set_argument("validation_data", f"({pair[0]}, {written(pair[1])})", position=7)
    return None if more is None else (*edits, *more)


def _read_otherwise(
    script: Script, fit: Call, before: Recipe, written: Callable[[str], str]
) -> source.Edits | None:
    """Targets written otherwise in the call that is given the arrays to cut batches from, or ahead."""
    if before.validation_data is not None or not before.named:
        return None
    y = before.named["y"]
    cut = script.first_reading([*before.named.values()], until=fit.span, together=True)
    if cut is not None:
        return cut.replace_reading(y, written(y))
    ahead = rows_behind(script, before, fit)  # of a generator that reads them by itself
    read_later = re.search(rf"\b{y}\b", _around(script, fit)[1])
    return None if ahead is None or read_later else ahead.insert_statement_before(
        f"{y} = {written(y)}")
