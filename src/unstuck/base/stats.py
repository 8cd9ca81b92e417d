"""Success rates, paired effects, intervals, many tests, repeated looks.

Plain arrays in, numbers out; nothing here knows networks, replicas or verdicts. A *pair* is
one seed trained twice, as control and as treatment; a pair is *discordant* when only one of
the two learned: *rescued* if it is the treatment, *broken* if it is the control.

Four questions, answered in this order:

- how often does it learn? `success_rate`
- what did the change do? `paired_effect`; from counts, `mcnemar` and `difference_interval`
- what may be said after many arms? `holm`
- what may be said if one looks again and again, and stops when one likes? `confidence_at`
  for intervals, `sequential_p` for p-values (before `holm`), `pairs_to_decide` for planning.

All shares and differences are fractions (0.2, not 20 points).
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

LOOKS: tuple[int, ...] = (16, 32, 64, 128, 256, 512, 1024, 2048)
"""Numbers of pairs at which an arm may be looked at; after the last, at every doubling."""

PLANNED = 256
"""The number of pairs that most of the permitted error is kept for."""

# The share of the permitted error that each look may spend. 256 pairs are the default budget
# and the first number at which an acquittal (upper bound below 5 points) is within reach, so
# most is kept for it. The looks before it need little: they are there for effects of 40 points
# and more. Later shares fall slowly enough that every look still narrows the interval, and
# halve beyond the last, so that all looks together, without end, spend exactly 1.
_SPENDING: tuple[float, ...] = (0.005, 0.01, 0.02, 0.065, 0.7, 0.1, 0.05, 0.025)


@dataclass(frozen=True, kw_only=True)
class Rate:
    """How many of the trials succeeded, with the interval of the underlying rate."""

    successes: int
    trials: int
    share: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class PairedEffect:
    """What a change did to the success rate of the same seeds.

    `difference` is treatment minus control, from -1 to 1; `low` and `high` are its interval.
    `p_value` is of the hypothesis that rescuing and breaking are equally likely, for this one
    test looked at once: see `sequential_p` and `holm`.
    """

    pairs: int
    difference: float
    low: float
    high: float
    rescued: int
    broken: int
    p_value: float


def success_rate(learned: NDArray[np.bool_], *, confidence: float = 0.95) -> Rate:
    """The share of True in `learned[replica]`, with Wilson's score interval.

    Without any trial the share is 0 and the interval says that nothing is known: (0, 1).
    Wilson, J. Am. Stat. Assoc. 22 (1927) 209-212.
    """
    outcomes = _outcomes(learned, "learned")
    z = _quantile(confidence)
    trials, successes = outcomes.size, int(outcomes.sum())
    if trials == 0:
        return Rate(successes=0, trials=0, share=0.0, low=0.0, high=1.0)
    share = successes / trials
    centre = (successes + z * z / 2) / (trials + z * z)
    half = z / (trials + z * z) * math.sqrt(successes * (1 - share) + z * z / 4)
    return Rate(
        successes=successes,
        trials=trials,
        share=share,
        low=max(0.0, min(share, centre - half)),
        high=min(1.0, max(share, centre + half)),
    )


def paired_effect(
    control: NDArray[np.bool_], treatment: NDArray[np.bool_], *, confidence: float = 0.95
) -> PairedEffect:
    """The effect of a treatment on the seeds of its control.

    `control[pair]` and `treatment[pair]` say whether each replica learned. For an arm that is
    looked at more than once, pass `confidence=confidence_at(pairs)`.

    Raises ValueError when there are no pairs, or when the two differ in length.
    """
    before, after = _outcomes(control, "control"), _outcomes(treatment, "treatment")
    if before.size != after.size:
        raise ValueError(
            f"control has {before.size} replicas and treatment {after.size}; "
            "a paired effect needs both for every seed"
        )
    if before.size == 0:
        raise ValueError("a paired effect needs at least one pair; control and treatment are empty")
    rescued, broken = int((after & ~before).sum()), int((before & ~after).sum())
    low, high = _interval(rescued, broken, before.size, confidence)
    return PairedEffect(
        pairs=before.size,
        difference=(rescued - broken) / before.size,
        low=low,
        high=high,
        rescued=rescued,
        broken=broken,
        p_value=mcnemar(rescued, broken),
    )


@lru_cache(maxsize=4096)
def _interval(rescued: int, broken: int, pairs: int, confidence: float) -> tuple[float, float]:
    # A search judges all its arms again after each look, most of them unchanged.
    low, high = difference_interval(rescued, broken, pairs, confidence=confidence)
    return float(low), float(high)


def mcnemar(rescued: int, broken: int) -> float:
    """Exact two-sided McNemar test: is a discordant pair as likely to be one as the other?

    Computed in whole numbers: twice the tail of Binomial(rescued + broken, 1/2), at most 1, and
    so 1 where nothing is discordant. McNemar, Psychometrika 12 (1947) 153-157.
    """
    discordant = rescued + broken
    tail = term = 1
    for k in range(min(rescued, broken)):
        term = term * (discordant - k) // (k + 1)
        tail += term
    return min(1.0, 2 * tail / (1 << discordant))


def difference_interval(
    rescued: ArrayLike, broken: ArrayLike, pairs: ArrayLike, *, confidence: ArrayLike = 0.95
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Score interval for the difference of two paired proportions: its lower and upper bounds.

    Arguments broadcast against each other; counts may be fractional, as in a forecast. It
    consists of the differences that the score test does not reject, and so stays honest where
    there are few discordant pairs, or none (then it is plus or minus z^2 / (pairs + z^2)), or
    only such. Tango, Stat. Med. 17 (1998) 891-908.
    """
    z = np.vectorize(_quantile, otypes=[float])(confidence)
    given = np.broadcast_arrays(*(np.asarray(a, dtype=float) for a in (rescued, broken, pairs, z)))
    b, c, n, z = given if given[0].ndim else [float(one) for one in given]
    if np.any((b < 0) | (c < 0) | (n <= 0) | (b + c > n * (1 + 1e-9))):  # rounding of scaled counts
        raise ValueError("rescued and broken must not be negative, nor together exceed pairs")
    return np.asarray(-_upper_bound(c, b, n, z)), np.asarray(_upper_bound(b, c, n, z))


def median_interval(
    differences: ArrayLike, *, confidence: float = 0.95
) -> tuple[float, float]:
    """Interval of the median of paired differences, from their order alone.

    Its ends are the order statistics between which at least that share of Binomial(n, 1/2) lies; with
    too few pairs for any two, it is everything. No distribution is assumed, and ties only widen it.
    Thompson, Ann. Math. Stat. 7 (1936) 122-128.
    """
    ordered = np.sort(np.asarray(differences, dtype=float))
    beyond = _least_beyond(ordered.size, (1.0 - confidence) / 2)
    if beyond == 0:
        return -math.inf, math.inf
    return float(ordered[beyond - 1]), float(ordered[-beyond])


@lru_cache(maxsize=4096)
def _least_beyond(trials: int, error: float) -> int:
    """The largest k for which P(Binomial(trials, 1/2) < k) is at most that error."""
    tail, term, k = 0, 1, 0
    permitted = int(Fraction(error) * 2**trials)
    while k <= trials // 2 and tail + term <= permitted:
        tail += term
        term = term * (trials - k) // (k + 1)
        k += 1
    return k


@dataclass(frozen=True, kw_only=True)
class FallPlan:
    """How many trainings tell a rate from one that has fallen, looked at once.

    Fewer than `least` of `trainings` successes count as a fall. `wrongly` is how often that is said
    where the rate is still `rate` or more, `missed` how often it is not where it is `fallen` or less.
    """

    rate: float
    fallen: float
    trainings: int
    least: int
    wrongly: float
    missed: float


def fall_plan(
    rate: float, fallen: float, *, wrongly: float = 0.001, missed: float = 0.01,
    trainings: int | None = None, limit: int = 100_000,
) -> FallPlan | None:
    """The fewest trainings that keep both error rates, by exact binomial tails.

    With a given number of `trainings` only `wrongly` is kept, and what is missed is as it is; with so
    few that nothing would count as a fall, `least` is 0. `None` where more than `limit` are needed.

    Raises:
        ValueError: it is not so that 0 <= fallen < rate <= 1.
    """
    from scipy.stats import binom  # slow to import, and needed here alone

    if not 0 <= fallen < rate <= 1:
        raise ValueError(f"a fall from {rate} to {fallen} is none")
    for number in range(1, limit + 1) if trainings is None else (trainings,):
        least = int(binom.ppf(wrongly, number, rate))  # P(X < least) <= wrongly
        plan = FallPlan(
            rate=rate, fallen=fallen, trainings=number, least=least,
            wrongly=float(binom.cdf(least - 1, number, rate)),
            missed=float(binom.sf(least - 1, number, fallen)))
        if trainings is not None or (plan.missed <= missed and plan.least > 0):
            return plan
    return None


def holm(p_values: Sequence[float]) -> NDArray[np.float64]:
    """P-values of several tests, each made valid for the whole family; order is kept.

    Give all the tests that were run, not only the ones worth telling.
    Holm, Scand. J. Stat. 6 (1979) 65-70.
    """
    p = np.asarray([_probability(value) for value in p_values], dtype=float)
    order = np.argsort(p, kind="stable")
    adjusted = np.empty_like(p)
    adjusted[order] = np.maximum.accumulate(p[order] * np.arange(p.size, 0, -1)).clip(max=1.0)
    return adjusted


def confidence_at(pairs: int, *, confidence: float = 0.95, planned: int = PLANNED) -> float:
    """The confidence an interval needs at this look, so that all looks together keep theirs.

    If every interval is made with it, then with at least the given `confidence` *none* of the
    intervals of one arm, at any look, misses the truth; so it may be stopped at any look, for
    any reason. The error is divided among the looks (see `_SPENDING`) and added up by the union
    bound, which assumes nothing about how looks depend on each other; the slack it leaves is more
    than score intervals fall short of their nominal confidence (`benchmarks/calibration.py`).

    `planned` is the number of pairs that most of the error is kept for, fixed before the first
    outcome is seen; with another number the table of looks is stretched or shrunk to it.
    `pairs` between two looks counts as the next look up, and each look may be taken once.
    An experiment that is looked at only once, at a number of pairs fixed before, needs none of
    this. Raises ValueError unless pairs is at least 1 and confidence between 0 and 1.
    """
    _quantile(confidence)
    return 1.0 - (1.0 - confidence) * _spending(pairs, planned)


def sequential_p(p_value: float, pairs: int, *, planned: int = PLANNED) -> float:
    """The p-value, made valid for having been looked at also before, and perhaps after.

    It holds at every level, not only at 5 %, so `holm` may be applied to the results of arms
    that stopped at different looks. Looks are those of `confidence_at`.
    """
    return min(1.0, _probability(p_value) / _spending(pairs, planned))


@lru_cache(maxsize=4096)
def pairs_to_decide(
    effect: PairedEffect, *, useful: float = 0.20, negligible: float = 0.05, limit: int = 4096,
    planned: int = PLANNED,
) -> int | None:
    """How many pairs in all should decide what this effect is, if its shares stay as they are.

    Decided means that the interval lies wholly in one of three regions: at least `useful`;
    between 0 and `useful`; below `negligible`, harm included. The answer is `effect.pairs` if
    that is so already, else the first look after it at which it is to be expected; None if that
    look would be beyond `limit`, as for an effect on the border of two regions.
    """
    for pairs in (effect.pairs, *_looks_between(effect.pairs, limit)):
        growth = pairs / effect.pairs
        low, high = difference_interval(
            effect.rescued * growth,
            effect.broken * growth,
            pairs,
            confidence=confidence_at(pairs, planned=planned),
        )
        if low >= useful or high < negligible or (low > 0 and high < useful):
            return pairs
    return None


def _upper_bound(b: Any, c: Any, n: Any, z: Any) -> Any:
    """The largest difference that the score test accepts, by bisection to the last bits.

    Of floats, or of arrays of one shape; a search asks for one interval at a time, and a float is
    twenty times as quick as an array of one.

    Under the hypothesis that the difference is d, the variance of b - c is n (2 q + d (1 - d)),
    with q the likeliest probability of breaking: the root of a quadratic equation.
    """
    several = isinstance(b, np.ndarray)
    accepted, rejected = (b - c) / n, np.ones_like(b) if several else 1.0
    for _ in range(54):
        d = (accepted + rejected) / 2
        linear = (2 * n - b + c) * d - b - c
        square = linear**2 + 8 * n * c * d * (1 - d)
        root = np.sqrt(np.maximum(square, 0.0)) if several else math.sqrt(max(square, 0.0))
        q = (root - linear) / (4 * n)
        inside = (b - c - n * d) ** 2 <= z**2 * n * (2 * q + d * (1 - d))
        if several:
            accepted, rejected = np.where(inside, d, accepted), np.where(inside, rejected, d)
        elif inside:
            accepted = d
        else:
            rejected = d
    return accepted


def _spending(pairs: int, planned: int) -> float:
    """The share of the permitted error that the look at, or next above, `pairs` may spend."""
    if pairs < 1:
        raise ValueError(f"there is nothing to look at with {pairs} pairs")
    pairs = -(-pairs * PLANNED // planned)
    look = bisect_left(LOOKS, pairs)
    if look < len(LOOKS):
        return _SPENDING[look]
    doublings = (-(-pairs // LOOKS[-1]) - 1).bit_length()
    return _SPENDING[-1] / 2.0**doublings


def _looks_between(pairs: int, limit: int) -> Iterator[int]:
    """The looks after `pairs`, up to and including `limit`."""
    look = LOOKS[0]
    while look <= limit:
        if look > pairs:
            yield look
        look *= 2


def _quantile(confidence: float) -> float:
    """The standard normal quantile of a two-sided interval."""
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, not {confidence}")
    return -NormalDist().inv_cdf((1 - confidence) / 2)


def _probability(value: float) -> float:
    if not 0 <= value <= 1:
        raise ValueError(f"a p-value must lie between 0 and 1, not {value}")
    return float(value)


def _outcomes(values: NDArray[np.bool_], name: str) -> NDArray[np.bool_]:
    array = np.asarray(values)
    if array.ndim != 1:
        raise ValueError(f"{name} must have one axis, the replicas; its shape is {array.shape}")
    if array.size and array.dtype != np.bool_:
        raise TypeError(f"{name} must be an array of True and False, not of {array.dtype}")
    return array.astype(np.bool_)
