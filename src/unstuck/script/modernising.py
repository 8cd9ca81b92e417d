"""A script written as Keras of today has it."""

from __future__ import annotations

from . import Edit, EditConflict, Script
from .nodes import Edits
from .old_spellings import Old, every_old_spelling, old_spellings

_MOST_PASSES = 200


def modernised(script: Script) -> tuple[Script, tuple[Old, ...]]:
    """The script in today's spelling, and what is left to do by hand."""
    if not old_spellings(script):
        return script, ()
    for _ in range(_MOST_PASSES):
        edits: list[Edit] = []
        for old in every_old_spelling(script):
            if old.edits is None or _overlap(edits, old.edits):
                continue  # neighbours that both go are taken one by one
            edits += [edit for edit in old.edits if edit not in edits]
        try:
            after = script.apply(edits)
        except EditConflict:
            break
        if after.data == script.data:
            break
        script = after
    return script, every_old_spelling(script)


def _overlap(edits: list[Edit], more: Edits) -> bool:
    return any(
        a != b and a.start <= b.end and b.start <= a.end for a in edits for b in more
    )
