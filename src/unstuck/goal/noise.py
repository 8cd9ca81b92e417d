"""Denoising: what noise lies between inputs and targets, and how well it can be removed at all.

The noise is recognised by its marks and its level estimated, element by element, from the arrays.
Where the clean rows are few patterns, the best denoiser is known exactly: the mean of the patterns,
weighted by how probable the noisy row makes each of them. Its expected loss on new noise is the
Bayes floor. Shapes: noisy and clean rows [row, element], patterns [pattern, element].
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import entr, log_ndtr, ndtr, ndtri

Array = NDArray[Any]
Kind = Literal["Gaussian", "clipped Gaussian", "flipped"]

ROWS = 2000
ELEMENTS = 200
"""Fewest elements from which a level is estimated."""
RELATED = 0.1
"""Noise of our kinds is independent of its target and of other elements: correlations below this."""
ENUMERATED = 10
"""Up to so many two-valued elements, all ways of flipping them are listed."""
DRAWS = 2**15
"""Noisy rows over all patterns for an expectation; quasi-random, so right to three digits."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Noise:
    """Independent noise on every element.

    `level` is the standard deviation, or the share of flipped elements. `low` and `high` are the
    ends at which values were clipped, or the two values themselves. `patterns` and their shares
    `prior` are the clean rows where they are few.
    """

    kind: Kind
    level: float
    low: float
    high: float
    patterns: Array | None = None
    prior: Array | None = None

    @property
    def text(self) -> str:
        """The noise in words."""
        if self.kind == "flipped":
            return f"{100 * self.level:.2g} % of the elements flipped"
        return f"{self.kind} noise, σ = {self.level:.2g}"

    def log_likelihood(self, noisy: Array, clean: Array) -> Array:
        """log p(noisy row | clean row) up to a term of the noisy row's own: [noisy, clean]."""
        if self.kind == "flipped":
            wrong = _differences(noisy != self.low, clean != self.low)
            odds: Array = wrong * (np.log(self.level) - np.log1p(-self.level))
            return odds
        if self.kind == "Gaussian":
            return _gaussian(noisy, clean, np.ones_like(noisy), self.level)
        at_low, at_high = noisy <= self.low, noisy >= self.high
        inside = ~(at_low | at_high)
        found: Array = (
            _gaussian(noisy, clean, inside.astype(float), self.level)
            + at_low.astype(float) @ log_ndtr((self.low - clean) / self.level).T
            + at_high.astype(float) @ log_ndtr((clean - self.high) / self.level).T
        )
        return found

    def posterior_mean(
        self, noisy: Array, clean: Array, prior: Array, *, own: Array | None = None,
        of: Array | None = None,
    ) -> Array:
        """The mean of clean rows given noisy ones; a row's `own` clean row is left out if named.

        `of` are numbers to take the mean of instead of the clean rows themselves.
        """
        logs = self.log_likelihood(noisy, clean) + np.log(prior)
        if own is not None:
            logs[np.arange(len(noisy)), own] = -np.inf
        weights = np.exp(logs - logs.max(1, keepdims=True))
        mean: Array = (weights @ (clean if of is None else of)) / weights.sum(1, keepdims=True)
        return mean

    def best_outputs(self, noisy: Array) -> Array | None:
        """The best denoiser's outputs; `None` where the patterns are not known."""
        if self.patterns is None or self.prior is None:
            return None
        return self.posterior_mean(noisy, self.patterns, self.prior)

    def simulated(self, seed: int = 0) -> tuple[Array, Array, Array] | None:
        """Noisy rows that stand for all there are, the pattern of each, and its weight."""
        if self.patterns is None or self.prior is None:
            return None
        count, size = self.patterns.shape
        if self.kind == "flipped" and size <= ENUMERATED:
            flips = np.asarray(list(product((False, True), repeat=size)))
            number = flips.sum(1)
            chance = self.level**number * (1 - self.level) ** (size - number)
        else:
            each = max(64, DRAWS // count)
            if size <= 64:
                from scipy.stats import qmc  # slow to import, and seldom needed

                uniform = qmc.Sobol(size, rng=seed).random_base2(int(np.log2(each)))
            else:
                uniform = np.random.default_rng(seed).random((each, size))
            chance = np.full(len(uniform), 1.0 / len(uniform))
            flips = uniform < self.level
        own = np.repeat(np.arange(count), len(chance))
        weight = (self.prior[:, None] * chance).reshape(-1)
        clean = self.patterns[own]
        if self.kind == "flipped":
            flipped = np.tile(flips, (count, 1))
            return np.where(flipped, self.low + self.high - clean, clean), own, weight
        drawn = np.tile(ndtri(np.clip(uniform, 1e-12, 1 - 1e-12)), (count, 1))
        noisy = clean + self.level * drawn
        if self.kind == "clipped Gaussian":
            noisy = np.clip(noisy, self.low, self.high)
        return noisy, own, weight


@dataclass(frozen=True, kw_only=True)
class BayesFloor:
    """The expected loss of the best denoiser on new noise; `wrong`: share of wrong elements."""

    loss: float
    wrong: float | None


def bayes_floor(noise: Noise, loss: str, *, seed: int = 0) -> BayesFloor | None:
    """The least expected loss of any denoiser; `None` for other losses or unknown patterns."""
    drawn = noise.simulated(seed)
    if drawn is None or noise.patterns is None or noise.prior is None:
        return None
    noisy, _, weight = drawn
    mean = noise.best_outputs(noisy)
    assert mean is not None
    if loss == "binary_crossentropy":
        if noise.patterns.min() < 0 or noise.patterns.max() > 1:
            return None
        each = entr(mean) + entr(1 - mean)
    elif loss == "mean_squared_error":
        square = noise.posterior_mean(noisy, noise.patterns, noise.prior, of=noise.patterns**2)
        each = np.maximum(square - mean**2, 0.0)
    else:
        return None
    values = np.unique(noise.patterns)
    wrong = None
    if len(values) == 2:
        nearer = (mean - values[0]) / (values[1] - values[0])
        wrong = float(weight @ np.minimum(nearer, 1 - nearer).mean(1))
    return BayesFloor(loss=float(weight @ each.mean(1)), wrong=wrong)


def noise_of(noisy: Array, clean: Array, *, few: int) -> Noise | None:
    """The noise that turns targets into inputs; `None` where they are not told apart by such noise.

    Args:
        noisy: the inputs.
        clean: the targets.
        few: most distinct clean rows that count as patterns, if they do not repeat four times.
    """
    if noisy.shape != clean.shape or clean.shape[1] < 2 or clean.size < ELEMENTS:
        return None
    pick = np.unique(np.linspace(0, len(clean) - 1, min(len(clean), ROWS)).astype(np.int64))
    found = _recognised(noisy[pick], clean[pick])
    if found is None:
        return None
    patterns, counts = np.unique(clean, axis=0, return_counts=True)
    if len(patterns) <= few or (4 * len(patterns) <= len(clean) and len(patterns) <= 1024):
        return Noise(kind=found.kind, level=found.level, low=found.low, high=found.high,
                     patterns=patterns, prior=counts / counts.sum())
    return found


def _recognised(noisy: Array, clean: Array) -> Noise | None:
    rest = noisy - clean
    low, high = float(clean.min()), float(clean.max())
    if not np.isfinite(rest).all() or not rest.any() or low == high:
        return None
    values = np.unique(clean)
    if len(values) == 2 and np.isin(noisy, values).all():
        flips = (rest != 0).astype(float)
        share = float(flips.mean())
        if share < 0.45 and _independent(flips, clean):
            return Noise(kind="flipped", level=share, low=low, high=high)
        return None
    if noisy.min() >= low and noisy.max() <= high:
        level = _clipped_level(rest, clean, low, high)
        return None if level is None else Noise(kind="clipped Gaussian", level=level, low=low,
                                                high=high)
    level = float(rest.std())
    from scipy.stats import kurtosis  # slow to import, and seldom needed

    normal = abs(float(kurtosis(rest, axis=None))) < 0.5 and abs(rest.mean()) < RELATED * level
    if normal and _independent(rest, clean):
        return Noise(kind="Gaussian", level=level, low=low, high=high)
    return None


def _clipped_level(rest: Array, clean: Array, low: float, high: float) -> float | None:
    """σ by the targets that lie at an end: half of their noise was clipped away."""
    at_end = (clean == low) | (clean == high)
    moved = np.abs(rest[at_end])
    if moved.size < ELEMENTS or abs(float((moved == 0).mean()) - 0.5) > 0.05:
        return None
    size = high - low
    goal = float((moved**2).mean())

    def square(level: float) -> float:
        """E[min(max(level · z, 0), size)²] for a standard normal z."""
        end = size / level
        density = np.exp(-(end**2) / 2) / np.sqrt(2 * np.pi)
        return float(level**2 * (0.5 - ndtr(-end) - end * density) + size**2 * ndtr(-end)) - goal

    if square(100 * size) < 0 or goal <= 0:
        return None
    from scipy.optimize import brentq  # slow to import, and seldom needed

    level = float(brentq(square, 1e-4 * size, 100 * size))
    reached = float((moved >= size).mean())
    return level if abs(reached - float(ndtr(-size / level))) < 0.03 else None


def _independent(rest: Array, clean: Array) -> bool:
    """True where the noise does not depend on its target, its element or its neighbours."""
    if abs(_correlation(rest.reshape(-1), clean.reshape(-1))) > RELATED:
        return False
    spreads = rest.std(0)
    if len(rest) >= 50 and spreads.min() < 0.6 * spreads.max():
        return False
    columns = rest[:, :64] - rest[:, :64].mean(0)
    norms = np.sqrt((columns**2).sum(0))
    if (norms == 0).any():
        return False
    related = np.abs(columns.T @ columns / np.outer(norms, norms))
    off = related[~np.eye(len(related), dtype=bool)]
    return bool(off.mean() < RELATED + 1.0 / np.sqrt(len(rest)))


def _correlation(one: Array, other: Array) -> float:
    one, other = one - one.mean(), other - other.mean()
    size = float(np.sqrt((one**2).sum() * (other**2).sum()))
    return float((one * other).sum()) / size if size else 0.0


def _differences(one: Array, other: Array) -> Array:
    """How many elements of two rows of truth values differ: [row, row]."""
    first, second = one.astype(float), other.astype(float)
    counts: Array = first @ (1 - second).T + (1 - first) @ second.T
    return counts


def _gaussian(noisy: Array, clean: Array, counted: Array, level: float) -> Array:
    """−Σ (noisy − clean)² / 2σ² over the elements that count, terms of the noisy row left out."""
    seen = noisy * counted
    logs: Array = (2 * seen @ clean.T - counted @ (clean**2).T) / (2 * level**2)
    return logs
