"""What parameters that stand already were drawn as: by torch's own first numbers, if these fit.

A layer made before anybody listened tells nothing of its draws. `reset_parameters` of a copy of it
does; where the numbers of the layer could have come out of those draws, they count as drawn, and
every replica draws its own. Where they could not (trained, loaded, drawn otherwise), they are kept.
"""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import torch
from scipy import stats

from .draws import Draw, Draws
from .ops import array

SURE = 1e-4
"""So improbable are numbers of a draw, by Kolmogorov's and Smirnov's test, that were not drawn so."""


def drawn_by_themselves(module: Any, draws: Draws) -> None:
    """Note the draws of all layers of a module that could be as torch made them.

    No random number of torch's is drawn by it.

    Args:
        module: whose parameters stand.
        draws: what hears functions that draw, and is told.
    """
    for layer in module.modules():
        own = dict(layer.named_parameters(recurse=False))
        if not own or not hasattr(layer, "reset_parameters"):
            continue
        with torch.random.fork_rng(devices=[]), torch.no_grad():
            again = copy.deepcopy(layer)
            again.reset_parameters()
        found = {name: draws.of(one) for name, one in again.named_parameters(recurse=False)}
        if all(_fits(array(one), found[name]) for name, one in own.items()):
            for name, one in own.items():
                draws.note(one, found[name])


def _fits(values: Any, draw: Draw | None) -> bool:
    """Whether numbers could have been drawn so."""
    if draw is None:
        return False
    if draw.kind == "constant":
        return bool((values == draw.numbers[0]).all())
    low, high = _uniform(draw, values.shape)
    flat = values.ravel().astype(np.float64)
    if draw.kind == "normal":
        flat = flat[flat != 0]  # the row of an embedding that pads
        return float(stats.kstest(flat, "norm", args=draw.numbers).pvalue) > SURE
    within = bool((flat >= low).all() and (flat <= high).all())
    return within and float(stats.kstest(flat, "uniform", args=(low, high - low)).pvalue) > SURE


def _uniform(draw: Draw, shape: tuple[int, ...]) -> tuple[float, float]:
    """The bounds of what is drawn uniformly, with float32's rounding."""
    if draw.kind == "kaiming_uniform":
        fan_in = int(np.prod(shape[1:]))
        bound = float(draw.numbers[0]) * (3.0 / max(1, fan_in)) ** 0.5
        return -bound * (1 + 1e-6), bound * (1 + 1e-6)
    if draw.kind != "uniform":
        return 0.0, 0.0
    low, high = map(float, draw.numbers)
    return low - 1e-6 * abs(low), high + 1e-6 * abs(high)
