"""Are the statistics as honest as they say? Thousands of diagnoses whose truth is known, counted.

    python benchmarks/calibration.py [--part pairs p_values placebo put_back few drawn stability faults]
                                     [--scale 1.0] [--draw-only]

Writes docs/statistics.md, its figures and its numbers (docs/figures/statistics.json). Parts that are
not asked for keep the numbers they have; faults, the longest, are kept one by one. `--scale 0.1` takes
a tenth of the experiments. Needs `pip install 'unstuck[study]'`.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "jax")

import calibration_drawn as drawn
import calibration_pairs as pairs
import calibration_trained as trained
import numpy as np
from calibration_page import COMPARED, page
from scipy.stats import kstest

Row = dict[str, Any]
PACES = (0.001, 0.03)
"""Seconds of a training: with the first the budget is ample, with the second it binds."""
HELPS = {"cause", "contributes", "needs company"}
HELPS_NOT = {"acquitted", "no effect alone", "harmful"}
QUANTILES = np.linspace(0.01, 0.99, 50)


def measure_pairs(scale: float) -> Row:
    """Intervals of single arms, whoever stops them, and acquittals."""
    rng = np.random.default_rng(0)
    return {"coverage": pairs.coverage(int(20_000 * scale), rng),
            "acquittals": pairs.acquittals(int(4_000 * scale), rng)}


def measure_p_values(scale: float) -> list[Row]:
    """P-values of placebos that were really trained."""
    rows = []
    for case in trained.cases():
        exact, spread, discordant = trained.placebo_p_values(case, int(1000 * scale))
        test = kstest(spread, "uniform")
        rows.append({
            "case": case.name, "of": len(exact), "discordant": discordant,
            "distance": float(test.statistic), "p": float(test.pvalue),
            "below_5": int((exact < 0.05).sum()), "below_1": int((exact < 0.01).sum()),
            "quantiles": [float(q) for q in np.quantile(spread, QUANTILES)]})
    return rows


def measure_placebo(scale: float) -> list[Row]:
    """Diagnoses in which no change changes anything, really trained."""
    rows = []
    for case in trained.cases():
        found = trained.placebo_diagnoses(case, int(200 * scale), _tell(case.name))
        rows.append({"case": case.name, "of": len(found),
                     "diagnoses": {v: sum(v in said for said in found)
                                   for v in ("cause", "contributes", "harmful")},
                     "arms": dict(sum(found, Counter()))})
    return rows


def measure_put_back(scale: float) -> list[Row]:
    """Placebos put back into repaired networks, really trained: none is needed."""
    bits, xor = trained.cases()[-1], trained.cases()[1]
    return [trained.put_back(case, width, int(1000 * scale))
            for case, width in ((bits, 32), (bits, 6), (xor, 4), (xor, 3))]


def measure_few(scale: float) -> list[Row]:
    """Diagnoses of placebos with room for few trainings, whole and at horizons, really trained."""
    return [trained.few_placebos(case, share, int(200 * scale), _tell(f"{case.name}, {share:g}"))
            for share in (0.1, 0.25, 1.0) for case in trained.cases()]


def measure_drawn(scale: float) -> list[Row]:
    """Each arm of mixed diagnoses and of diagnoses in which nothing helps, their trainings drawn."""
    recipe, goal = _any()
    rows: list[Row] = []
    for pace in PACES:
        for kind, count in (("mixed", 1000), ("nothing", 1000)):
            cells: dict[tuple[float, float], Counter[str]] = {}
            false, below, total = 0, 0, 0
            tell = _tell(f"{kind}, {pace} s")
            for run, base in drawn.runs(int(count * scale)):
                effects = drawn.mixed(base) if kind == "mixed" else (0.0,) * trained.ARMS
                said = drawn.diagnosis(recipe, goal, base, effects, run=run, pace=pace).values()
                for arm in said:
                    cell = cells.setdefault((arm.base, round(arm.effect, 3)), Counter())
                    cell.update([arm.verdict, "held"] if arm.held else [arm.verdict])
                    cell["of"] += 1
                idle = [arm for arm in said if arm.effect <= 0]
                false += any(arm.verdict in HELPS for arm in idle)
                below += any(arm.high < 0 for arm in said if arm.effect == 0)
                total += 1
                tell(run)
            rows.append({"kind": kind, "pace": pace, "of": total, "false": false, "below": below,
                         "cells": [{"base": b, "effect": e, **n}
                                   for (b, e), n in sorted(cells.items())]})
    return rows


def measure_stability(scale: float) -> list[Row]:
    """Mixed diagnoses twice: with twice the budget, with another base seed."""
    recipe, goal = _any()
    rows = []
    for pace in PACES:
        for name, other in (("budget doubled", {"budget": "4m"}), ("another seed", {"seed": 1})):
            kept, tell = Counter[str](), _tell(f"{name}, {pace} s")
            for run, base in drawn.runs(int(500 * scale)):
                effects = drawn.mixed(base)
                one = drawn.diagnosis(recipe, goal, base, effects, run=run, pace=pace)
                two = drawn.diagnosis(recipe, goal, base, effects, run=run, pace=pace, **other)
                kept.update(compared(
                    (one[n].verdict, two[n].verdict) for n in one.keys() & two.keys()))
                tell(run)
            rows.append({"what": name, "pace": pace, **kept})
    return rows


def compared(verdicts: Iterable[tuple[str, str]]) -> Counter[str]:
    """How two diagnoses of one script agree, arm by arm.

    A verdict is contradicted where one says that a change helps and the other that it does not;
    "undecided" contradicts nothing, and a cause that is but a contribution the next time neither.
    """
    kept = Counter(of=0, same=0, open=0, contradicted=0)
    for one, two in verdicts:
        kept["of"] += 1
        kept["same"] += one == two
        kept["open"] += one != two and "undecided" in (one, two)
        kept["contradicted"] += ({one, two} & HELPS != set()) and ({one, two} & HELPS_NOT != set())
    return kept


def measure_faults(scale: float) -> Iterator[Row]:
    """Injected faults at the default budget; some also with another seed and budget. Counts so far.

    `scale` is the share that is diagnosed these two further times.
    """
    rows = []
    for row in trained.faults(trained.FAULTY, [], others=lambda n: n % round(4 / scale) == 0):
        rows.append(row)
        print(row["name"], row["default"]["found"], file=sys.stderr, flush=True)
        yield faults_row(rows)


def faults_row(rows: list[Row]) -> Row:
    """The counts of `trained.faults`."""
    again = {name: Counter(of=0, found=0) for name in ("doubled", "seed")}
    for row in rows:
        for name in again.keys() & row.keys():
            verdicts = row["default"]["verdicts"], row[name]["verdicts"]
            both = verdicts[0].keys() & verdicts[1].keys()
            again[name].update(compared((verdicts[0][k], verdicts[1][k]) for k in both))
            again[name].update(faults=1, found=int(row[name]["found"] == row["default"]["found"]))
    return {"of": len(rows), "found": sum(row["default"]["found"] for row in rows),
            "missed": [row["name"] for row in rows if not row["default"]["found"]],
            "kinds": {kind: [sum(r["default"]["found"] for r in of), len(of)]
                      for kind in sorted({r["kind"] for r in rows})
                      if (of := [r for r in rows if r["kind"] == kind])}, **again}


def _any() -> tuple[Any, Any]:
    """A recipe and its yardstick where nothing is trained."""
    case = trained.cases()[0]
    return case.recipe, case.goal


def _tell(name: str) -> Callable[[int], None]:
    begun = time.monotonic()

    def tell(done: int) -> None:
        if done % 20 == 0:
            print(f"{name}: {done} ({time.monotonic() - begun:.0f} s)", file=sys.stderr, flush=True)

    return tell


PARTS: dict[str, Callable[[float], Any]] = {
    "pairs": measure_pairs, "p_values": measure_p_values, "placebo": measure_placebo,
    "put_back": measure_put_back, "few": measure_few, "drawn": measure_drawn,
    "stability": measure_stability, "faults": measure_faults,
}


def main() -> None:
    """Measure what is asked for, draw, write the page."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--part", nargs="*", choices=list(PARTS), default=list(PARTS))
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--docs", type=Path, default=Path(__file__).parents[1] / "docs")
    parser.add_argument("--draw-only", action="store_true", help="the page from statistics.json")
    asked = parser.parse_args()
    figures = asked.docs / "figures"
    figures.mkdir(parents=True, exist_ok=True)
    place = figures / "statistics.json"
    found = json.loads(place.read_text()) if place.exists() else {}
    for name in () if asked.draw_only else asked.part:
        measured = PARTS[name](asked.scale)
        for so_far in measured if isinstance(measured, Iterator) else [measured]:
            found[name], found["measured"] = so_far, f"{date.today():%d %B %Y}"
            place.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    if found.keys() >= PARTS.keys():
        from calibration_figures import draw

        draw(found, figures)
        place = asked.docs / "statistics.md"
        _, heading, kept = place.read_text(encoding="utf-8").partition(f"\n{COMPARED}")
        place.write_text(page(found) + heading + kept, encoding="utf-8")
        print(asked.docs / "statistics.md")


if __name__ == "__main__":
    main()
