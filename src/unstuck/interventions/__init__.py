"""One change each, in both its faces: to the recipe, which is tested, and to the script, which is
written. What `edit` writes, captured again, is what `apply` made; a test holds that for each.

An intervention with no safe edit returns `None`: the repair is then shown, not written. Files whose
name begins with an underscore hold what several of them need.

May import: goal, network, script, base.
Others take: `Intervention`, `apply_all`, `edits_for`, and interventions by their files' names.
"""

from __future__ import annotations

import functools
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from unstuck.base.errors import NotSupported
from unstuck.base.own_names import teller
from unstuck.base.registry import discover
from unstuck.network.recipe import Recipe
from unstuck.network.torch_numbers import SPELLING
from unstuck.network.torch_numbers.words import in_torchs_words
from unstuck.script import Edit, EditConflict, Script, Span

from ._called import own_names as own_names

KINDS = (
    "activation", "loss", "learning_rate", "optimizer", "epochs", "batch_size", "initializer",
    "input_scale", "target_encoding", "labels", "capacity", "validation_split", "shuffle", "metric",
    "regularization", "normalization", "clipping", "architecture", "placebo", "other",
)


@dataclass(frozen=True, kw_only=True)
class Intervention(ABC):
    """A change. Equal fields are the same change; it can be put in a set.

    `kind` is one of `KINDS`. `cost` says how far the change departs from what the user wrote: 1 for
    a number, 2 for a word (an activation, an initialiser), 3 for another optimizer, a loss or more
    room, 5 for a layer put in or taken out, 8 for other data; the search prefers the least sum.
    """

    kind: ClassVar[str]
    cost: ClassVar[float]

    @property
    @abstractmethod
    def label(self) -> str:
        """What is done, in a few words, as a table has it: "learning rate 0.001 → 0.01"."""

    def reason(self, before: Recipe) -> str:
        """What a comment above the edit says, in ASCII: how it was, or what is done."""
        return self.label.replace(" → ", " -> ").replace(" × ", " x ")

    @property
    def site(self) -> str:
        """The part it changes, a key of `Recipe.sites`."""
        return "fit"

    @property
    def touches(self) -> frozenset[str]:
        """The kinds of things that it changes: its own, and others where it changes several."""
        return frozenset({self.kind})

    @property
    def oddity(self) -> float:
        """What is added to `cost` for a value that works, but that few would choose."""
        return 0.0

    @property
    def stage(self) -> int:
        """When several are applied: 0 for layers, 1 for what is put around them, 2 for the rest."""
        return 2

    @property
    def conflicts(self) -> frozenset[str]:
        """Names of the slots it sets; two changes that set one slot are not tried together."""
        return frozenset({f"{self.site}.{self.kind}"})

    @property
    def counted_out(self) -> frozenset[str]:
        """Layers that it takes out where the script only counts them, as a loop does."""
        return frozenset()

    def sparing(self, layers: frozenset[str]) -> Intervention:
        """The same change to a network in which these layers are not any more."""
        return self

    @abstractmethod
    def apply(self, recipe: Recipe) -> Recipe:
        """The recipe with this changed.

        Raises:
            NotSupported: there is no such part in this recipe.
        """

    @abstractmethod
    def edit(self, script: Script, before: Recipe, after: Recipe) -> tuple[Edit, ...] | None:
        """The edits that write it into the script.

        Args:
            script: the user's source.
            before: the recipe as captured; its `sites` point into the script.
            after: the recipe with all changes of the repair applied, this one among them. What is
                written is read off it, so that changes to one place come out as one edit.

        Returns:
            The edits; `None` where none is safe.
        """


Changes = tuple[Intervention, ...]


def compatible(changes: Iterable[Intervention]) -> bool:
    """True where no two of them set the same thing."""
    seen: set[str] = set()
    for change in changes:
        if seen & change.conflicts:
            return False
        seen |= change.conflicts
    return True


def touched(changes: Iterable[Intervention]) -> frozenset[str]:
    """The kinds of things that any of them changes."""
    return frozenset(kind for change in changes for kind in change.touches)


def in_order(changes: Iterable[Intervention]) -> list[Intervention]:
    """Changes in the order in which they are made."""
    return sorted(changes, key=lambda change: (change.stage, change.label))


def apply_all(changes: Iterable[Intervention], recipe: Recipe) -> Recipe:
    """The recipe with all of them made, in order of their `stage`."""
    for change in in_order(changes):
        recipe = change.apply(recipe)
    return recipe


def edits_for(
    changes: Iterable[Intervention], script: Script, recipe: Recipe
) -> tuple[Edit, ...] | None:
    """All edits that write a repair, each below a comment with its reason.

    `None` where one of its changes cannot be written safely, or not be made without others.
    """
    from ._torch import torch_edits  # which reads interventions' helpers, and they this file

    # Comments begin with what they are about: "activation: …" is no layer of that name.
    names = {name: own for name, own in own_names(script, recipe).items() if name not in KINDS}
    given, told = tuple(changes), teller(names) or str
    try:
        after = apply_all(given, recipe)
    except NotSupported:
        return None
    gone: frozenset[str] = frozenset().union(*(change.counted_out for change in given))
    if not _changes_alike(recipe, after, gone):
        return None
    groups: list[tuple[str, tuple[Edit, ...]]] = []
    reached = recipe
    for change in in_order(change.sparing(gone) for change in given):
        if recipe.written_for == SPELLING:
            without, reached = reached, change.apply(reached)
            found = torch_edits(script, recipe, without, reached, after)
        else:
            found = change.edit(script, recipe, after)
        if found is None:
            return None
        reason = told(change.reason(recipe))
        groups.append((in_torchs_words(reason) if recipe.written_for == SPELLING else reason, found))
    edits = tuple(dict.fromkeys(script.with_remarks(groups)))
    try:
        script.apply(edits)
    except EditConflict:
        return None
    return edits


def _changes_alike(before: Recipe, after: Recipe, counted_out: frozenset[str]) -> bool:
    """True where layers that one call makes, in a loop or in a function, are changed alike.

    Those that are `counted_out` go by a loop's number; what joins a layer to others asks itself where
    it can be.
    """
    made_at: dict[Span, list[str]] = {}
    for site, span in before.sites.items():
        name = site.removeprefix("layer:")
        if name != site and name not in counted_out:
            made_at.setdefault(span, []).append(name)
    architecture = after.architecture
    configs = {layer.name: layer.config for layer in after.layers}
    beside: dict[str, set[str]] = {}
    for new in (one for one in architecture.inserted if one.joins is None):
        beside.setdefault(new.anchor, set()).add(f"{new.where} {new.kind} {new.config}")
    for names in made_at.values():
        arguments = {key for name in names for key in architecture.changed.get(name, ())}
        # Of several kinds of layers that one call makes, those are asked that have the arguments.
        asked = [name for name in names if not arguments or name not in configs
                 or arguments & configs[name].keys()]
        seen = {(name in architecture.removed, str(sorted(beside.get(name, ()))),
                 str([configs.get(name, {}).get(key) for key in sorted(arguments)])) for name in asked}
        if len(seen) > 1:
            return False
    return True


@functools.cache
def all_interventions() -> dict[str, type[Intervention]]:
    """Every intervention, by name."""
    return discover(sys.modules[__name__], Intervention)  # type: ignore[type-abstract]


__all__ = ["KINDS", "Changes", "Intervention", "all_interventions", "apply_all",
           "compatible", "edits_for", "touched"]
