"""At which places two recipes differ."""

from __future__ import annotations

from typing import Any

from unstuck.network.loops import Loop
from unstuck.network.recipe import Recipe

Place = tuple[Any, ...]
"""A kind of place, and which one of that kind: ("layer", "fc1", "units")."""

_PLAIN = ("epochs", "batch_size", "shuffle", "data_units", "target_units", "loss_weights")
_SAME = ("x", "sample_weight", "validation_data", "validation_split", "class_weight",
         "rules", "order_salt")
"""Fields of which nobody here writes a change."""


def differing(before: Recipe, after: Recipe) -> set[Place] | None:
    """The places; `None` where some difference is none of those that can be written."""
    if any(getattr(before, name) is not getattr(after, name)
           and not _equal(getattr(before, name), getattr(after, name)) for name in _SAME):
        return None
    found: set[Place] = {(name,) for name in _PLAIN if getattr(before, name) != getattr(after, name)}
    own = before.with_loop(after.loop).optimizer
    if (own.cls, own.config) != (after.optimizer.cls, after.optimizer.config):
        found.add(("optimizer",))
    if before.loss is not after.loss:
        found.add(("loss",))
    if before.y is not after.y and before.target_units == after.target_units:
        found.add(("targets",))
    added = after.filled[: len(after.filled) - len(before.filled)]
    if any(one is not after.viewed for one in added):
        return None
    found |= {("view",) for _ in added}
    old, new = before.architecture, after.architecture
    configs = {layer.name: layer.config for layer in old.layers}
    for name, config in new.changed.items():
        known = configs.get(name, {})
        found |= {("layer", name, key) for key, value in config.items() if known.get(key) != value}
    found |= {("removed", name) for name in new.removed - old.removed}
    found |= {("inserted", one.anchor, one.where, one.kind) for one in new.inserted
              if one not in old.inserted}
    if old.kept != new.kept:
        found.add(("kept",))
    loops = before.loop or Loop(), after.loop or Loop()
    found |= {("loop", name) for name in vars(loops[0])
              if getattr(loops[0], name) != getattr(loops[1], name)}
    return found


def _equal(one: Any, other: Any) -> bool:
    try:
        return bool(one == other)
    except ValueError:  # arrays
        return False
