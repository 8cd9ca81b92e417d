"""Are the statistics as honest as they say? Simulated experiments, counted.

    python benchmarks/calibration.py [--simulations N] [--budget PAIRS] [--seed S]

Pairs of replicas are drawn with known success rates and a known correlation between control and
treatment, looked at after 16, 32, 64, ... pairs up to the budget, and judged by `unstuck.stats`
as a trial would. Four tables are printed:

1. coverage: how often the 95 % interval holds the true effect, when the number of pairs is fixed
   beforehand, and when the experiment stops at the first look whose interval excludes 0 (the
   user who stops as soon as he likes what he sees);
2. the placebo: how often a change that does nothing is said to do something;
3. power: how often a true effect is found, after Holm over 20 arms at 1 %, and after how many
   pairs on average;
4. acquittal: how often a change that does nothing is acquitted, within how many pairs.

With the default of 20,000 simulations a share near 5 % is known to about 0.3 points.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unstuck.stats import (
    LOOKS,
    confidence_at,
    difference_interval,
    mcnemar,
    sequential_p,
)

ARMS = 20
LEVEL = 0.01
USEFUL = 0.20
NEGLIGIBLE = 0.05


@dataclass(frozen=True, kw_only=True)
class Setting:
    """True success rates of control and treatment, and the correlation within a pair."""

    control: float
    treatment: float
    correlation: float

    @property
    def effect(self) -> float:
        return self.treatment - self.control

    @property
    def cells(self) -> tuple[float, float, float]:
        """Probabilities that a pair is rescued, broken, concordant."""
        spread = np.sqrt(self.control * (1 - self.control) * self.treatment * (1 - self.treatment))
        both = self.control * self.treatment + self.correlation * spread
        both = min(both, self.control, self.treatment)
        rescued, broken = self.treatment - both, self.control - both
        return rescued, broken, 1 - rescued - broken

    def __str__(self) -> str:
        return f"{self.control:6.0%} -> {self.treatment:4.0%}   r = {self.correlation:.1f}"


@dataclass(frozen=True, kw_only=True)
class Looks:
    """What every simulated experiment shows at every look: arrays [simulation, look]."""

    pairs: NDArray[np.int64]  # [look]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    p_value: NDArray[np.float64]  # valid under repeated looks

    def first(self, reached: NDArray[np.bool_]) -> NDArray[np.int64]:
        """The first look at which `reached[simulation, look]`, else the last look."""
        return np.where(reached.any(axis=1), reached.argmax(axis=1), self.pairs.size - 1)

    def excludes_zero(self) -> NDArray[np.bool_]:
        return (self.low > 0) | (self.high < 0)


def simulate(
    setting: Setting, looks: Sequence[int], simulations: int, rng: np.random.Generator
) -> Looks:
    """Run the experiment many times, judging equal counts only once."""
    low = np.empty((simulations, len(looks)))
    high, p_value = np.empty_like(low), np.empty_like(low)
    counts = np.zeros((simulations, 3), dtype=np.int64)
    for look, (before, pairs) in enumerate(zip((0, *looks[:-1]), looks, strict=True)):
        counts = counts + rng.multinomial(pairs - before, setting.cells, size=simulations)
        distinct, where = np.unique(counts[:, :2], axis=0, return_inverse=True)
        lows, highs = difference_interval(
            distinct[:, 0], distinct[:, 1], pairs, confidence=confidence_at(pairs)
        )
        low[:, look], high[:, look] = lows[where], highs[where]
        p_values = [sequential_p(mcnemar(int(b), int(c)), pairs) for b, c in distinct]
        p_value[:, look] = np.array(p_values)[where]
    return Looks(pairs=np.array(looks), low=low, high=high, p_value=p_value)


def fixed_coverage(
    setting: Setting, pairs: int, simulations: int, rng: np.random.Generator
) -> float:
    counts = rng.multinomial(pairs, setting.cells, size=simulations)
    low, high = difference_interval(counts[:, 0], counts[:, 1], pairs)
    return float(np.mean((low <= setting.effect) & (setting.effect <= high)))


def print_coverage(looks: Sequence[int], simulations: int, rng: np.random.Generator) -> None:
    fixed = (16, 64, 256)
    print("1. Coverage of the 95 % interval")
    print(f"{'control -> treatment':<26}" + "".join(f"{f'{n} pairs':>11}" for n in fixed), end="")
    print(f"{'stopping':>11}")
    for rates in ((0.05, 0.05), (0.19, 0.19), (0.5, 0.5), (0.19, 0.28), (0.19, 0.41), (0.5, 0.3)):
        for correlation in (0.0, 0.4, 0.8):
            setting = Setting(control=rates[0], treatment=rates[1], correlation=correlation)
            seen = simulate(setting, looks, simulations, rng)
            stop = seen.first(seen.excludes_zero())[:, None]
            low = np.take_along_axis(seen.low, stop, axis=1)
            high = np.take_along_axis(seen.high, stop, axis=1)
            shares = [fixed_coverage(setting, n, simulations, rng) for n in fixed]
            shares.append(float(np.mean((low <= setting.effect) & (setting.effect <= high))))
            print(f"{setting!s:<26}" + "".join(f"{share:>11.1%}" for share in shares))


def print_placebo(looks: Sequence[int], simulations: int, rng: np.random.Generator) -> None:
    print(
        "\n2. A placebo: shares of false findings over all looks (promised: at most 5 %, 5 %, 1 %)"
    )
    print(f"{'control -> treatment':<26}{'interval':>11}{'p < 5 %':>11}{'p < 1 %':>11}")
    for rate in (0.05, 0.19, 0.5):
        for correlation in (0.0, 0.8):
            setting = Setting(control=rate, treatment=rate, correlation=correlation)
            seen = simulate(setting, looks, simulations, rng)
            smallest = seen.p_value.min(axis=1)
            shares = (
                seen.excludes_zero().any(axis=1).mean(),
                (smallest < 0.05).mean(),
                (smallest < 0.01).mean(),
            )
            print(f"{setting!s:<26}" + "".join(f"{share:>11.2%}" for share in shares))


def print_power(looks: Sequence[int], simulations: int, rng: np.random.Generator) -> None:
    print(f"\n3. Power: interval above 0 and p < {LEVEL:.0%} after Holm over {ARMS} arms")
    print(f"{'control -> treatment':<26}{'found':>11}{'mean pairs':>12}{'cause':>11}")
    for rates in ((0.19, 0.29), (0.19, 0.39), (0.4, 0.6), (0.19, 0.6), (0.19, 0.91)):
        for correlation in (0.0, 0.4):
            setting = Setting(control=rates[0], treatment=rates[1], correlation=correlation)
            seen = simulate(setting, looks, simulations, rng)
            found = (seen.low > 0) & (ARMS * seen.p_value < LEVEL)
            pairs = seen.pairs[seen.first(found)].mean()
            cause = (found & (seen.low >= USEFUL)).any(axis=1).mean()
            print(f"{setting!s:<26}{found.any(axis=1).mean():>11.1%}{pairs:>12.0f}{cause:>11.1%}")


def expected_acquittal(discordant: float) -> int | None:
    """The first look that acquits when rescued and broken are exactly as many."""
    for pairs in LOOKS:
        each = pairs * discordant / 2
        if difference_interval(each, each, pairs, confidence=confidence_at(pairs))[1] < NEGLIGIBLE:
            return pairs
    return None


def print_acquittal(looks: Sequence[int], simulations: int, rng: np.random.Generator) -> None:
    print(f"\n4. Acquittal: a change that does nothing; upper bound below {NEGLIGIBLE:.0%}")
    names = [f"by {pairs}" for pairs in looks if pairs >= 128]
    print(f"{'discordant pairs':<26}{'expected at':>12}" + "".join(f"{name:>11}" for name in names))
    for discordant in (0.0, 0.02, 0.05, 0.08, 0.10, 0.13, 0.20, 0.32):
        # Two rates of one half, correlated so that just this share of the pairs is discordant.
        setting = Setting(control=0.5, treatment=0.5, correlation=1 - 2 * discordant)
        below = simulate(setting, looks, simulations, rng).high < NEGLIGIBLE
        shares = [below[:, : k + 1].any(axis=1).mean() for k, n in enumerate(looks) if n >= 128]
        print(
            f"{discordant:<26.0%}{expected_acquittal(discordant)!s:>12}"
            + "".join(f"{s:>11.1%}" for s in shares)
        )


def main() -> None:
    parser = argparse.ArgumentParser(description="Calibration of unstuck's statistics.")
    parser.add_argument("--simulations", type=int, default=20_000, help="per setting")
    parser.add_argument("--budget", type=int, default=256, help="pairs per arm, at most")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    looks = [look for look in LOOKS if look <= options.budget]
    if not looks or options.simulations < 1:
        parser.error(f"give at least {LOOKS[0]} pairs and one simulation")
    print(f"{options.simulations} simulated experiments per line, looked at after {looks} pairs\n")
    rng = np.random.default_rng(options.seed)
    for table in (print_coverage, print_placebo, print_power, print_acquittal):
        table(looks, options.simulations, rng)


if __name__ == "__main__":
    main()
