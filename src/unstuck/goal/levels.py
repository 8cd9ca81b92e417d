"""What plain methods and the data itself allow, in the user's own loss, for networks that put out
rows like those that go in: autoencoders and denoisers.

Each level is a loss that some known output has; a floor is one that no output can beat. Shapes:
inputs and targets [row, element].
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from .noise import Noise, bayes_floor

Array = NDArray[Any]
Bound = Literal["floor", "reference", "constant"]

ROWS = 5000
WEIGHED_ROWS = 1024
MOST_CELLS = 5000 * 1024
"""Largest rows × elements that plain methods are fitted on: about 2 s for a denoiser."""
BEST_DENOISER = "the best denoiser there can be"
_MARGINS = (1e-3, 0.01, 0.02, 0.05, 0.1)


@dataclass(frozen=True, kw_only=True)
class Level:
    """A loss to compare with.

    That of the best denoiser is what it has on new noise: `here` is its loss on the rows at hand,
    `wrong` its share of elements nearer to the wrong of two values.
    """

    name: str
    loss: float
    bound: Bound = "reference"
    wrong: float | None = None
    here: float | None = None


def levels_of(
    inputs: Array, targets: Array, loss: str, *, code: int | None, noise: Noise | None,
    floor: float | None, baseline: float | None, weight: float = 1.0, seed: int = 0,
) -> tuple[Level, ...]:
    """The levels of an autoencoder (no noise) or a denoiser, the lowest first.

    Args:
        inputs: rows that are trained on.
        targets: their targets.
        loss: the loss's name.
        code: numbers in the narrowest layer.
        noise: what lies between inputs and targets; `None` for an autoencoder.
        floor: the least loss of any function of these rows.
        baseline: the loss of the best constant output.
        weight: the loss's factor, which floor and baseline have already.
        seed: for draws.
    """
    plain = _LOSSES.get(loss)
    found: list[Level] = []
    if baseline is not None:
        found.append(Level(name="a constant output", loss=baseline, bound="constant"))
    if plain is None:
        return tuple(found)

    def measure(outputs: Array, truth: Array) -> float:
        return weight * plain(outputs, truth)

    pick = np.unique(np.linspace(0, len(inputs) - 1, min(len(inputs), ROWS)).astype(np.int64))
    inputs, targets = inputs[pick], targets[pick]
    fits = inputs.size <= MOST_CELLS
    # Its threads wait by spinning, which on a busy machine costs far more than they bring.
    with threadpool_limits(1):
        if noise is None:
            if floor is not None:
                found.append(Level(name=_floor_name(loss, floor), loss=floor, bound="floor"))
            if code is not None and code < inputs.shape[1] and fits:
                found.append(Level(name=f"PCA with {code} component{'s'[: code != 1]}",
                                   loss=measure(_pca(inputs, code), targets)))
        else:
            found += _denoising(inputs, targets, loss, measure, noise, floor, fits=fits, weight=weight,
                                seed=seed)
    return tuple(sorted(found, key=lambda level: level.loss))


def _floor_name(loss: str, floor: float) -> str:
    if loss == "binary_crossentropy" and floor > 1e-9:
        return "the entropy of the targets"
    return "a perfect output"


def _denoising(
    inputs: Array, targets: Array, loss: str, measure: Callable[[Array, Array], float],
    noise: Noise, floor: float | None, *, fits: bool, weight: float, seed: int,
) -> list[Level]:
    found = []
    if floor is not None:
        bayes, best = bayes_floor(noise, loss, seed=seed), noise.best_outputs(inputs)
        if bayes is None or best is None:
            found.append(Level(name=_floor_name(loss, floor), loss=floor, bound="floor"))
        else:
            found.append(Level(name=BEST_DENOISER, loss=weight * bayes.loss, bound="floor",
                               wrong=bayes.wrong, here=measure(best, targets)))
    found.append(Level(name="the noisy input as it is", loss=measure(inputs, targets)))
    if fits and len(inputs) >= 20:
        found.append(Level(name="the best linear denoiser",
                           loss=measure(_ridge(inputs, targets, seed), targets)))
        if noise.patterns is None:
            found.append(Level(name="weighing known rows",
                               loss=measure(_weighed(inputs, targets, noise),
                                        targets[:WEIGHED_ROWS])))
    return found


def _pca(rows: Array, components: int) -> Array:
    """The rows through the best linear code of that size (Eckart and Young 1936)."""
    mean = rows.mean(0)
    centred = rows - mean
    if components >= min(rows.shape):
        return rows
    # The eigenvectors of the smaller of the two products are all that is needed.
    if rows.shape[1] <= rows.shape[0]:
        _, vectors = np.linalg.eigh(centred.T @ centred)
        axes = vectors[:, -components:]
    else:
        axes = np.linalg.svd(centred, full_matrices=False)[2][:components].T
    kept: Array = mean + centred @ axes @ axes.T
    return kept


def _ridge(inputs: Array, targets: Array, seed: int) -> Array:
    """Linear predictions of targets, out of sample in three folds, by the penalty that fits best."""
    fold = np.random.default_rng(seed).permutation(len(inputs)) % 3
    penalties = np.logspace(-3, 3, 7)
    predicted = np.zeros((len(penalties), *targets.shape))
    for number in range(3):
        train, test = fold != number, fold == number
        x, y = inputs[train], targets[train]
        values, vectors = np.linalg.eigh((x - x.mean(0)).T @ (x - x.mean(0)))
        projected = vectors.T @ ((x - x.mean(0)).T @ (y - y.mean(0)))
        held = (inputs[test] - x.mean(0)) @ vectors
        for place, penalty in enumerate(penalties):
            weights = projected / (np.maximum(values, 0) + penalty * max(1.0, x.var() * len(x))
                                   )[:, None]
            predicted[place, test] = y.mean(0) + held @ weights
    errors = ((predicted - targets) ** 2).mean((1, 2))
    best: Array = predicted[int(errors.argmin())]
    return best


def _weighed(inputs: Array, targets: Array, noise: Noise) -> Array:
    """Each noisy row as the mean of the other clean rows, weighed by how probable it makes them."""
    share = np.full(len(targets), 1.0 / len(targets))
    return noise.posterior_mean(inputs[:WEIGHED_ROWS], targets, share,
                                own=np.arange(len(inputs))[:WEIGHED_ROWS])


def _cross_entropy(outputs: Array, targets: Array) -> float:
    """The least binary cross-entropy over a few ways of bringing outputs into (0, 1)."""
    found = []
    inside_already = outputs.min() >= 0 and outputs.max() <= 1
    for margin in (1e-7, *_MARGINS) if inside_already else _MARGINS:
        inside = np.clip(outputs, margin, 1 - margin)
        found.append(-(targets * np.log(inside) + (1 - targets) * np.log1p(-inside)).mean())
    return float(min(found))


def _squared(outputs: Array, targets: Array) -> float:
    return float(((outputs - targets) ** 2).mean())


def _absolute(outputs: Array, targets: Array) -> float:
    return float(np.abs(outputs - targets).mean())


_LOSSES: dict[str, Callable[[Array, Array], float]] = {
    "binary_crossentropy": _cross_entropy,
    "mean_squared_error": _squared,
    "mean_absolute_error": _absolute,
}
