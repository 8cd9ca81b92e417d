"""Writing an optimizer: all that differs between the recipe before and after, in one go.

Every intervention on the optimizer writes through `optimizer_edits`, so that several of them in one
repair come out as the same edits.
"""

from __future__ import annotations

import inspect
from typing import Any

import keras

from unstuck.network.optimizer import Optimizer
from unstuck.network.recipe import Recipe
from unstuck.script import Call, Script

from . import _source as source


def optimizer_edits(script: Script, before: Recipe, after: Recipe) -> source.Edits | None:
    """What writes the optimizer of `after`, at the call that made it or in `compile`."""
    old, new = before.optimizer, after.optimizer
    if "optimizer" not in before.sites:
        return _in_compile(script, before, new)
    call = source.site_call(script, before, "optimizer")
    if call is None or not source.constructs(script, call, f"keras.optimizers.{old.kind}"):
        return None
    if old.cls is not new.cls:
        made = _arguments(script, call, new)
        if made is None:
            return None
        name, imports = source.keras_name(script, call, f"optimizers.{new.kind}")
        spelled = {call.spelled(key, of=new.kind): code for key, code in made[0].items()}
        return (*imports, *made[1], *call.replace(source.make(name, spelled)))
    changed = {
        key: value for key, value in new.config.items()
        if key != "name" and not _same(value, old.config.get(key))
    }
    off = [key for key, value in changed.items() if value is None]
    if "learning_rate" in changed and call.argument("decay") is not None:
        off.append("decay")  # the spelling of another year: it makes a schedule of the rate
    written = source.drop_arguments(call, off, "None") if off else ()
    for key, value in changed.items():
        if value is None:
            continue
        place = 0 if key == "learning_rate" else None
        coded = _code(script, call, value)
        edits = None if coded is None else source.set_value(call, key, coded[0], position=place)
        if coded is None or edits is None or written is None:
            return None
        written += (*coded[1], *edits)
    return written


def _in_compile(script: Script, before: Recipe, new: Optimizer) -> source.Edits | None:
    """The optimizer given to `compile` as a string, by a name that stands for one, or not at all.

    In a loop such a name may stand for one after the other, and is left alone.
    """
    call = source.method_call(script, before, "compile")
    made = None if call is None else _arguments(script, call, new)
    if call is None or made is None:
        return None
    given = call.argument("optimizer", 0)
    literal = call.assigned_argument("optimizer", 0) or given
    named = given is not None and given.code.isidentifier() and not call.in_loop_or_comprehension
    if given is not None and not named and not source.is_word(literal):
        return None
    if not made[0]:
        word = source.quoted(script, new.kind.lower(), literal)
        return source.set_value(call, "optimizer", word, position=0)
    name, imports = source.keras_name(script, call, f"optimizers.{new.kind}")
    spelled = {call.spelled(key, of=new.kind): code for key, code in made[0].items()}
    edits = call.set_argument("optimizer", source.make(name, spelled), position=0)
    return None if edits is None else (*imports, *made[1], *edits)


def _arguments(
    script: Script, call: Call, optimizer: Optimizer
) -> tuple[dict[str, str], source.Edits] | None:
    """The arguments that are not Keras's defaults, as code at a call, and the imports they need.

    `None` where one is no plain value.
    """
    if getattr(keras.optimizers, optimizer.kind, None) is not optimizer.cls:
        return None
    defaults = Optimizer.named(optimizer.kind).config
    found: dict[str, str] = {}
    imports: source.Edits = ()
    for key, value in optimizer.config.items():
        if key == "name" or _same(value, defaults.get(key)):
            continue
        coded = _code(script, call, value)
        if coded is None:
            return None
        found[key], imports = coded[0], (*imports, *coded[1])
    return found, imports


def _code(script: Script, call: Call, value: Any) -> tuple[str, source.Edits] | None:
    """A number, or a schedule of Keras's, as code at a call; `None` for anything else."""
    if isinstance(value, bool | int | float):
        return source.number(value), ()
    kind = value.get("class_name") if isinstance(value, dict) else None
    schedule = getattr(keras.optimizers.schedules, kind, None) if kind else None
    if schedule is None or value.get("module") != "keras.optimizers.schedules":
        return None
    defaults = inspect.signature(schedule).parameters
    given = {key: source.number(one) for key, one in value["config"].items()
             if key != "name" and one != defaults[key].default}
    name, imports = source.keras_name(script, call, f"optimizers.schedules.{kind}")
    return source.make(name, given), imports


def _same(one: Any, other: Any) -> bool:
    """Equal to the six digits that are written; Keras keeps rates in 32 bits."""
    if isinstance(one, float) and isinstance(other, float):
        return source.tidy(one) == source.tidy(other)
    return bool(one == other)
