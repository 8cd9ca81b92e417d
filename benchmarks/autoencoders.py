"""The autoencoders of `examples/`, healthy and spoiled, each diagnosed and its repair measured.

    python benchmarks/autoencoders.py [--budget 3m] [--only NAME …] [--seeds 3] [--json FILE]

One line a script: the outcome, what was proved, the facts, the repair, and how much of the variance
Keras's own `fit` of the repaired script explains on fresh seeds. `-` says that nothing had to be
repaired, or nothing could be written.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from unittest import mock

os.environ.setdefault("KERAS_BACKEND", "jax")
sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

import numpy as np
from accuracy import run_script

from autoencoder_faults import EXAMPLES, FAULTS, HEALTHY, Fault

PROVED = ("cause", "contributes", "needs company")
R2 = """float(1 - np.square(
    (model.predict(given, verbose=0) - wanted)).sum() / np.square(wanted - wanted.mean(0)).sum())"""
NAMES = """
model = globals().get("autoencoder") or globals().get("denoiser")
wanted = globals().get("clean", globals().get("x", globals().get("digits", globals().get("inputs"))))
given = globals().get("noisy", wanted)
"""


def explained(text: str, path: Path, seeds: int) -> list[float]:
    """R² of the script's outputs after Keras's own training, one number a seed."""
    with mock.patch.object(sys, "argv", [str(path)]):
        return [run_script(text + NAMES, path, 9000 + seed, {"expression": R2})
                for seed in range(seeds)]


def diagnosed(name: str, text: str, budget: str, seeds: int) -> dict[str, Any]:
    """Diagnose one script and measure it and its repair."""
    from unstuck.diagnosis.diagnosis import Budget, Options, diagnose_script
    from unstuck.diagnosis.repair import rewritten
    from unstuck.script import Script

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{name}.py"
        path.write_text(text, encoding="utf-8")
        begun = time.monotonic()
        result = diagnose_script(path, options=Options(budget=Budget.parse(budget))).result
        seconds = time.monotonic() - begun
        written = next((r for r in result.repairs if r.edits is not None), None)
        mended = None if written is None else rewritten(Script.read(path), written).text
        proved = {word for arm in result.arms if arm.verdict in PROVED and arm.kind != "placebo"
                  for word in (arm.kind, *arm.checks)}
        proved |= {kind for repair in result.repairs for kind in repair.kinds}
        return {
            "name": name, "outcome": result.outcome, "rate": result.population.success_rate,
            "replicas": result.population.replicas, "loss": result.population.loss.median,
            "levels": {level.name: level.loss for level in result.goal.levels},
            "causes": [arm.intervention for arm in result.causes],
            "proved": sorted(proved), "facts": [fact.check for fact in result.facts],
            "repair": [] if written is None else list(written.interventions),
            "as_is": explained(text, path, seeds),
            "repaired": [] if mended is None else explained(mended, path, seeds),
            "seconds": seconds,
        }


def right(row: dict[str, Any], fault: Fault | None) -> bool:
    """Whether a diagnosis says what is known to be so."""
    if fault is None:
        return row["outcome"] in ("LEARNS", "AT_FLOOR") and not row["causes"]
    if fault.stated and fault.stated & set(row["facts"]):
        return True
    return bool(fault.proved & set(row["proved"]))


def main() -> None:
    """Diagnose all, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--budget", default="3m")
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    cases: list[tuple[str, str, Fault | None]] = [
        (name, (EXAMPLES / f"{name}.py").read_text(encoding="utf-8"), None) for name in HEALTHY]
    cases += [(fault.id, fault.text(), fault) for fault in FAULTS]
    rows = []
    for name, text, fault in cases:
        if asked.only and not any(part in name for part in asked.only):
            continue
        row = diagnosed(name, text, asked.budget, asked.seeds)
        row["right"] = right(row, fault)
        rows.append(row)
        print(line(row), flush=True)
    print(f"\n{sum(row['right'] for row in rows)} of {len(rows)} as they should be")
    if asked.json:
        asked.json.write_text(json.dumps(rows, indent=1))


def line(row: dict[str, Any]) -> str:
    """One line of the table."""
    before, after = (f"{np.mean(row[key]):.2f}" if row[key] else "-" for key in ("as_is", "repaired"))
    levels = " ".join(f"{loss:.3g}" for loss in row["levels"].values())
    return (f"{'ok' if row['right'] else '??':3s}{row['name']:38s} {row['outcome']:12s}"
            f" {row['rate']:4.0%} of {row['replicas']:<4d} loss {row['loss']:.3g} (levels {levels})"
            f" R² {before} → {after}  {' + '.join(row['repair']) or '-'}"
            f"  [{', '.join(row['facts'])}] {row['seconds']:.0f} s")


if __name__ == "__main__":
    main()
