"""How often `unstuck compare` is right: A against A, a true difference, and differences at the margin.

    python benchmarks/compare.py [--of 1000] [--write]

The duel is the one that users run; whether a training learns is drawn from known rates (half of the
seeds share their luck between A and B), or both are really trained. The last section of
docs/statistics.md and its numbers (docs/figures/compare.json) are written anew with --write.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import textwrap
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "jax")

import keras
import numpy as np
from calibration_drawn import BASES, DrawnChunks, ordered
from calibration_page import COMPARED, share, table

from unstuck.capture import capture_model
from unstuck.diagnosis.comparing import POINTS
from unstuck.goal import Goal, make_goal
from unstuck.interventions import Changes
from unstuck.network.recipe import Recipe
from unstuck.population.choice import engine_for
from unstuck.population.population import Engine, Population, Progress, Yardstick
from unstuck.search.budget import Budget
from unstuck.search.duel import MOST, Duel, Metric
from unstuck.search.experiment import Experiment

PAGE = Path(__file__).parents[1] / "docs" / "statistics.md"
NUMBERS = PAGE.parent / "figures" / "compare.json"
TRUE = 0.15
"""The difference that has to be found."""
OTHER = 2
"""The salt of B's order; 1 is the placebo's."""
RATES = (0.05, 0.2, 0.5, 0.8)
MORE = 5
"""Of those that are really trained, so many times as many comparisons: it shows whether 1 % is kept."""


class KnownChunks(DrawnChunks):
    """Replicas that were trained before: those of `ends[arm]`, a population of a comparison's seeds."""

    def __init__(self, ends: dict[int, Population]) -> None:
        super().__init__(0.0, (), pace=1e-3, run=0)
        self._ends = ends

    def train(
        self, engine: Engine, recipe: Recipe, seeds: Sequence[int], yardstick: Yardstick, *,
        probes: bool, progress: Progress, left: float, among: int = 1,
    ) -> Population:
        """See `Chunks.train`."""
        known, rows = self._ends[recipe.order_salt], np.asarray(seeds)
        self.clock.seconds += 1e-3 * len(seeds)
        return replace(known, seeds=tuple(seeds), loss=known.loss[rows], outputs=None, codes=None,
                       final_loss=known.final_loss[rows], score=known.score[rows])


class WithoutPlacebo(Experiment):
    """An experiment in which only what is compared is trained: the placebo has no say in a standing."""

    def arm(self, changes: Changes, checks: tuple[str, ...] = ()) -> None:
        """None."""


@functools.cache
def goal_of(recipe: Recipe) -> Goal:
    """The yardstick of a recipe, made once."""
    return make_goal(recipe, references=False)


def xor(width: int, rate: float) -> Recipe:
    """A small network that learns sometimes."""
    x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], "float32")
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(width, "relu"),
                              keras.layers.Dense(1, "sigmoid")])
    model.compile(keras.optimizers.Adam(rate), "binary_crossentropy")
    y = x.sum(1) == 1
    return capture_model(model, x, y.astype("float32"), epochs=100, batch_size=2).recipe


def fought(
    recipe: Recipe, chunks: DrawnChunks, b: Recipe, *, metric: Metric = "success"
) -> tuple[str, int]:
    """The verdict of one comparison, and its pairs."""
    goal = goal_of(recipe)
    one, other = (WithoutPlacebo(each, goal, budget=Budget.parse("2m"), replicas=MOST, threads=1,
                             chunks=chunks) for each in (recipe, b))
    duel = Duel(one, other, metric, {metric: POINTS if metric == "success" else 0.0})
    duel.run()
    return duel.standing(metric).verdict, duel.pairs


def drawn(recipe: Recipe, base: float, effect: float, of: int) -> dict[str, Any]:
    """So many comparisons of known rates."""
    verdicts: Counter[str] = Counter()
    pairs = []
    for run in range(of):
        chunks = DrawnChunks(base, (effect,), pace=1e-3, run=run)
        verdict, number = fought(recipe, chunks, ordered(recipe, OTHER))
        verdicts[verdict] += 1
        pairs.append(number)
    return {"base": base, "effect": effect, "of": of, "verdicts": dict(verdicts),
            "pairs": float(np.median(pairs))}


def trained(of: int) -> list[dict[str, Any]]:
    """A against A in another order, each comparison really trained on seeds of its own."""
    rows = []
    for name, recipe in (("XOR, 4 ReLU units", xor(4, 0.05)), ("XOR, 8 ReLU units", xor(8, 0.05))):
        arms = {0: recipe, OTHER: ordered(recipe, OTHER)}
        engine, _ = engine_for(recipe)
        verdicts: dict[Metric, Counter[str]] = {"success": Counter(), "score": Counter(),
                                                "loss": Counter()}
        for run in range(of):
            seeds = range(run * MOST, (run + 1) * MOST)
            chunks = KnownChunks({salt: engine.train(arm, seeds, goal_of(recipe), probes=False)
                                  for salt, arm in arms.items()})
            for metric, said in verdicts.items():
                said[fought(recipe, chunks, arms[OTHER], metric=metric)[0]] += 1
        rows += [{"name": name, "metric": metric, "of": of, "verdicts": dict(said)}
                 for metric, said in verdicts.items()]
    return rows


def measured(of: int) -> dict[str, Any]:
    """Everything that the section tells."""
    recipe = xor(4, 0.03)
    return {
        "same": [drawn(recipe, base, 0.0, of) for base in BASES],
        "true": [drawn(recipe, base, sign * TRUE, of) for base in RATES for sign in (1, -1)
                 if 0 <= base + sign * TRUE <= 1],
        "margin": [drawn(recipe, base, POINTS, of) for base in (0.0, *RATES, 0.97)],
        "trained": trained(MORE * of),
    }


def section(found: dict[str, Any]) -> str:
    """The section of the page."""
    def said(row: dict[str, Any], *verdicts: str) -> str:
        return share(sum(row["verdicts"].get(v, 0) for v in verdicts), row["of"])

    def rates(row: dict[str, Any]) -> str:
        return f"{100 * row['base']:.0f} → {100 * (row['base'] + row['effect']):.0f} %"

    def rows(kind: str, *verdicts: str) -> list[tuple[str, ...]]:
        return [(rates(row), said(row, *verdicts), said(row, "no difference"), said(row, "undecided"),
                 f"{row['pairs']:.0f}") for row in found[kind]]

    head = ("no difference", "undecided", "pairs, median")
    of = found["same"][0]["of"]
    same = [*found["same"], *(row for row in found["trained"] if row["metric"] == "success")]
    wrong = sum(row["verdicts"].get(v, 0) for row in same for v in ("better", "worse"))
    right = [sum(row["verdicts"].get("better" if row["effect"] > 0 else "worse", 0)
                 for row in found["true"]), sum(row["of"] for row in found["true"])]
    claimed = [sum(row["verdicts"].get("no difference", 0) for row in found["margin"]),
               sum(row["of"] for row in found["margin"])]
    of_same = sum(row["of"] for row in same)
    about = (
        "`unstuck compare` stops at the first look that decides: better or worse where a p-value that"
        " holds at all looks is below 1 %, no difference where bounds that hold at all looks (95 %) lie"
        f" within the margin. {of:,} comparisons a row, the default budget and margin (`python"
        " benchmarks/compare.py`). In sum: A against A is called better or worse in"
        f" {share(wrong, of_same, digits=2)}; a true difference of 15 points is found in"
        f" {share(*right)}; where the truth is just at the margin of 3 points, no difference is claimed"
        f" in {share(*claimed)}.")
    return f"""{COMPARED}

{_filled(about)}

**A against A**, drawn:

{table(("rate", "better or worse", *head), rows("same", "better", "worse"))}

**A against A in another order**, really trained, each comparison on seeds of its own
({found["trained"][0]["of"]:,} comparisons a row):

{table(("training", "by", "better or worse", "no difference", "undecided"),
       [(row["name"], row["metric"], said(row, "better", "worse"), said(row, "no difference"),
         said(row, "undecided")) for row in found["trained"]])}

**A true difference of 15 points**, drawn:

{table(("rates", "found", *head), [
    (rates(row), said(row, "better" if row["effect"] > 0 else "worse"), said(row, "no difference"),
     said(row, "undecided"), f"{row['pairs']:.0f}") for row in found["true"]])}

**A difference just at the margin**, drawn, where every claim of no difference is wrong:

{table(("rates", "better or worse", *head), rows("margin", "better", "worse"))}
"""


def _filled(text: str) -> str:
    """A paragraph in lines, no number parted from its percent sign."""
    return textwrap.fill(text.replace(" %", "\u00a0%"), 110).replace("\u00a0", " ")


def main() -> None:
    """Measure, and write what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--of", type=int, default=1000, help="comparisons a row")
    parser.add_argument("--write", action="store_true", help="write the section of the page")
    given = parser.parse_args()
    found = measured(given.of)
    text = section(found)
    print(text)
    if given.write:
        NUMBERS.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
        before = PAGE.read_text(encoding="utf-8").partition(f"\n{COMPARED}")[0].rstrip()
        PAGE.write_text(f"{before}\n\n{text}", encoding="utf-8")


if __name__ == "__main__":
    main()
