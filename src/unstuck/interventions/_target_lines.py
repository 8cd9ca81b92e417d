"""Targets scaled in the data, before `fit`; what is done later still means what it meant."""

from __future__ import annotations

import re

from unstuck.network.recipe import Recipe
from unstuck.script import Call, Script

from . import _source as source

_HARMLESS = frozenset({"summary", "count_params", "name"})
_PUTS_OUT = frozenset({"predict", "predict_on_batch", "save", "export"})
_JUDGES = re.compile(r"\.(?:predict|evaluate|predict_on_batch|test_on_batch)\(")


def scaled_targets_edits(script: Script, before: Recipe) -> source.Edits | None:
    """Lines that scale the targets of `fit`, and those held back; a layer behind it that undoes it.

    The layer is only put where the network is asked again later. Targets that are read later keep
    their name for what they were. `None` where something later would mean something else: an
    evaluation, more training, a network given to a function.
    """
    fit = source.method_call(script, before, "fit")
    if fit is None or fit.has_hidden_arguments or fit.in_function or fit.in_loop_or_comprehension or (
            before.taped or "y" not in before.plain):
        return None
    model, x, y = fit.callee.removesuffix(".fit"), fit.argument("x", 0), fit.argument("y", 1)
    if x is None or y is None or not (model.isidentifier() and y.code.isidentifier()):
        return None
    held: tuple[str, str] | None = None
    if before.validation_data is not None:
        given = fit.argument("validation_data", 7)
        held = source.pair_of_names(given.code) if given is not None else None
        if held is None:
            return None
    earlier, later = _around(script, fit)
    if _JUDGES.search(earlier):
        return None
    used = _uses(later, model)
    if not used <= _HARMLESS | _PUTS_OUT:
        return None
    names = list(dict.fromkeys([y.code, *([held[1]] if held else [])]))
    mean, spread = source.free_name(script, "y_mean"), source.free_name(script, "y_std")
    axis = "axis=0" if before.y.ndim == 2 and before.y.shape[1] > 1 else ""
    lines = [f"{mean}, {spread} = {y.code}.mean({axis}), {y.code}.std({axis})"]
    scaled = {name: f"({name} - {mean}) / {spread}" for name in names}
    edits: source.Edits = ()
    kept = {x.code, *([held[0]] if held else [])}
    if any(name in kept or re.search(rf"\b{name}\b", later) for name in names):
        edits += fit.set_argument("y", scaled[y.code], position=1) or ()
        if held:
            edits += fit.set_argument(
                "validation_data", f"({held[0]}, {scaled[held[1]]})", position=7) or ()
    else:
        lines += [f"{name} = {code}" for name, code in scaled.items()]
    if used & _PUTS_OUT:
        undone = _undone(script, fit, model, mean, spread)
        if undone is None:
            return None
        edits += undone
    else:
        lines.insert(0, f"# in the old units: {model}.predict({x.code}) * {spread} + {mean}")
    put = fit.insert_statement_before("\n".join(lines))
    return None if put is None else (*put, *edits)


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
