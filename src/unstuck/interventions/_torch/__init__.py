"""Edits in torch's spelling.

Interventions say what a recipe becomes; how Keras writes it they know themselves. What torch writes
is read off the two recipes here: `differing` names the places at which they differ, and each kind
of place has a function that writes what the repaired recipe has there (`of_batches`, `of_fit`,
`of_layers`, `of_loop`, `of_scales`). A change that differs at a place that nobody here can write has
no edit, and is shown.
"""

from __future__ import annotations

from unstuck.network.recipe import Recipe
from unstuck.script import Edit, Script

from . import of_batches, of_fit, of_layers, of_loop, of_scales
from .differing import Place, differing

Edits = tuple[Edit, ...]


_WRITERS = of_batches.WRITERS | of_fit.WRITERS | of_layers.WRITERS | of_loop.WRITERS | of_scales.WRITERS


def torch_edits(
    script: Script, before: Recipe, without: Recipe, changed: Recipe, after: Recipe
) -> Edits | None:
    """The edits that write one change into a torch script; `None` where none is safe.

    Args:
        script: the user's source.
        before: the recipe as captured.
        without, changed: before and after this change, which tells the places that it concerns; with
            those that are made first, since it may need them.
        after: with all changes of the repair, off which is read what is written there.
    """
    places = differing(without, changed)
    if places is None:
        return None
    edits: Edits = ()
    for place in sorted(places, key=repr):
        found = _written(place, script, before, after)
        if found is None:
            return None
        edits += found
    return tuple(dict.fromkeys(edits))


def _written(place: Place, script: Script, before: Recipe, after: Recipe) -> Edits | None:
    kind, *which = place
    writer = _WRITERS.get(kind)
    return None if writer is None else writer(script, before, after, *which)
