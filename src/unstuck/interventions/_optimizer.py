"""Writing an optimizer: all that differs between the recipe before and after, in one go.

Every intervention on the optimizer writes through `optimizer_edits`, so that several of them in one
repair come out as the same edits.
"""

from __future__ import annotations

from typing import Any

import keras

from unstuck.network.optimizer import Optimizer
from unstuck.network.recipe import Recipe
from unstuck.script import Script

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
        arguments = _arguments(new)
        if arguments is None:
            return None
        name, imports = source.keras_name(script, call, f"optimizers.{new.kind}")
        spelled = {call.spelled(key, of=new.kind): code for key, code in arguments.items()}
        return (*imports, *call.replace(source.make(name, spelled)))
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
        edits = source.set_value(call, key, source.number(value), position=place)
        if edits is None or written is None:
            return None
        written += edits
    return written


def _in_compile(script: Script, before: Recipe, new: Optimizer) -> source.Edits | None:
    """The optimizer given to `compile` as a string, by a name that stands for one, or not at all.

    In a loop such a name may stand for one after the other, and is left alone.
    """
    call = source.method_call(script, before, "compile")
    arguments = _arguments(new)
    if call is None or arguments is None:
        return None
    given = call.argument("optimizer", 0)
    literal = call.assigned_argument("optimizer", 0) or given
    named = given is not None and given.code.isidentifier() and not call.in_loop_or_comprehension
    if given is not None and not named and not source.is_word(literal):
        return None
    if not arguments:
        word = source.quoted(script, new.kind.lower(), literal)
        return source.set_value(call, "optimizer", word, position=0)
    name, imports = source.keras_name(script, call, f"optimizers.{new.kind}")
    spelled = {call.spelled(key, of=new.kind): code for key, code in arguments.items()}
    edits = call.set_argument("optimizer", source.make(name, spelled), position=0)
    return None if edits is None else (*imports, *edits)


def _arguments(optimizer: Optimizer) -> dict[str, str] | None:
    """The arguments that are not Keras's defaults, as code; `None` where one is no plain value."""
    if getattr(keras.optimizers, optimizer.kind, None) is not optimizer.cls:
        return None
    defaults = Optimizer.named(optimizer.kind).config
    found = {}
    for key, value in optimizer.config.items():
        if key == "name" or _same(value, defaults.get(key)):
            continue
        if not isinstance(value, bool | int | float):
            return None
        found[key] = source.number(value)
    return found


def _same(one: Any, other: Any) -> bool:
    """Equal to the six digits that are written; Keras keeps rates in 32 bits."""
    if isinstance(one, float) and isinstance(other, float):
        return source.tidy(one) == source.tidy(other)
    return bool(one == other)
