"""A `train_step` of the user's own that does what `fit` does anyway, found out by doing both.

Many classes write Keras's step out, to print or to log something. Such a network is a network like any
other: its layers are known, and the native engine takes it.
"""

from __future__ import annotations

from dataclasses import replace

import keras
import numpy as np

from unstuck.network import adapter
from unstuck.network.own_steps import takes_data_alone
from unstuck.network.recipe import Recipe

from .shadow import trained_on
from .tape import Batch

COMPARED = 12
"""So many updates are made both ways."""
CLOSE = 1e-4
"""How far losses and weights may then be apart, in proportion."""
_OTHERS = ("compute_loss", "compute_metrics", "build", "compile", "test_step")
"""Methods of a class's own with which its step is not all that is its own."""


def without_own_step(recipe: Recipe) -> Recipe | None:
    """The recipe of the same network as a plain one; `None` where its step does something else.

    Its class has a `train_step` of its own and is otherwise a graph of layers with a loss.
    """
    source = recipe.architecture.source
    graph = recipe.architecture.graph
    others = any(adapter.overrides(source, name) for name in _OTHERS)
    if (not takes_data_alone(source) or graph is None or others or recipe.loss is None
            or isinstance(source, keras.Sequential) or recipe.rows_alone):
        return None
    plain = keras.Model(adapter.input_structure(graph), adapter.output_structure(graph),
                        name=source.name)
    other = replace(recipe, architecture=replace(recipe.architecture, source=plain))
    batches = _batches(recipe)
    try:
        own, same = trained_on(recipe, batches), trained_on(other, batches)
    except Exception:  # whatever the user's step raises is told where it is trained
        return None
    alike = np.allclose(own[0], same[0], rtol=CLOSE, atol=1e-6) and all(
        np.allclose(a, b, rtol=1e-3, atol=CLOSE) for a, b in zip(own[1], same[1], strict=True))
    return other if alike else None


def _batches(recipe: Recipe) -> list[Batch]:
    """The first batches of an epoch that is not shuffled, again and again."""
    data = recipe.train
    each = max(1, data.rows // recipe.batch_size)
    found = []
    for i in range(COMPARED):
        at = (i % each) * recipe.batch_size
        part = data.taken(slice(at, at + recipe.batch_size))
        found.append((part.x, part.y, part.sample_weight))
    return found
