"""How right the diagnoses are, over folders of cases and over our own specimens.

    python benchmarks/accuracy.py CASES [--budget 2m] [--seeds 5] [--only NAME …] [--json FILE]
                                  [--singles-only]

A case is a folder with `case.py` and `truth.json` (symptom, faults, fixes, goal). Each is diagnosed
as it stands; then the *repaired script* is run with Keras's own `fit` on fresh seeds and measured by
the case's own goal, which the diagnosis never sees. No case is known by name.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "jax")

import numpy as np

HEALTHY = ("LEARNS", "AT_FLOOR")
KINDS_ALIKE = {
    # A benchmark's word for a fault, and the kinds of change that take it away.
    "target_scale_or_encoding": {"target_encoding", "loss", "activation", "input_scale"},
    "optimizer": {"optimizer", "learning_rate"},
    "learning_rate": {"learning_rate", "optimizer"},
    "epochs": {"epochs", "learning_rate", "optimizer"},
    "activation": {"activation", "loss"},
    "loss": {"loss"},
}


def goal_helpers() -> dict[str, Any]:
    """The functions that goals are written in."""

    def acc_argmax(model: Any, x: Any, labels: Any) -> float:
        return float((model.predict(x, verbose=0).argmax(-1) == np.asarray(labels)).mean())

    def acc_half(model: Any, x: Any, y: Any) -> float:
        out = model.predict(x, verbose=0)
        return float(((out > 0.5) == (np.asarray(y).reshape(out.shape) > 0.5)).mean())

    def unexplained(y: Any, out: Any) -> float:
        y, out = np.asarray(y, float), np.asarray(out, float)
        out = out.reshape(y.shape)
        return float(((y - out) ** 2).sum() / ((y - y.mean(0)) ** 2).sum())

    def accuracy(y: Any, out: Any) -> float:
        y, out = np.asarray(y), np.asarray(out)
        if out.shape[-1] > 1:
            truth = y.argmax(-1) if y.ndim > 1 and y.shape[-1] > 1 else y.reshape(-1)
            return float((out.argmax(-1).reshape(-1) == truth.reshape(-1)).mean())
        return float(((out.reshape(-1) > 0.5) == (y.reshape(-1) > 0.5)).mean())

    def relative_error(y: Any, out: Any) -> float:
        y, out = np.asarray(y, float), np.asarray(out, float)
        return float(np.abs(y - out).mean() / np.abs(y).mean())

    def r2(model: Any, x: Any, y: Any) -> float:
        return 1.0 - unexplained(y, model.predict(x, verbose=0))

    return {"acc_argmax": acc_argmax, "acc_half": acc_half, "unexplained": unexplained,
            "accuracy": accuracy, "relative_error": relative_error, "r2": r2, "np": np}


def run_script(text: str, path: Path, seed: int, goal: dict[str, Any]) -> float:
    """The goal's value after running a script with Keras's own `fit` from that seed."""
    import keras

    keras.utils.clear_session()
    keras.utils.set_random_seed(seed)
    space: dict[str, Any] = {"__name__": "__main__", "__file__": str(path)}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(text, str(path), "exec"), space)
        space.update({k: v for k, v in goal_helpers().items() if k not in space})
        return float(eval(goal.get("expression") or goal["how"], space))


def reached(goal: dict[str, Any], value: float) -> bool:
    """Whether a value is good enough."""
    if "at_least" in goal:
        return bool(value >= goal["at_least"])
    return bool(value <= goal["at_most"])


def diagnose_case(folder: Path, budget: str, seeds: int, singles_only: bool) -> dict[str, Any]:
    """Diagnose one case and measure its repair; everything as plain values."""
    from unstuck.diagnosis import Budget, Options, diagnose_script
    from unstuck.repair import rewritten
    from unstuck.script import Script

    truth = json.loads((folder / "truth.json").read_text())
    path = folder / "case.py"
    begun = time.monotonic()
    options = Options(budget=Budget.parse(budget), singles_only=singles_only)
    result = diagnose_script(path, options=options).result
    seconds = time.monotonic() - begun
    by_verdict: dict[str, list[str]] = {}
    for arm in result.arms:
        if arm.kind != "placebo":
            by_verdict.setdefault(arm.verdict, []).append(f"{arm.kind}: {arm.intervention}")
    repairs = [
        {"changes": r.interventions, "kinds": r.kinds, "rate": r.success_rate,
         "replicas": r.replicas, "applicability": r.applicability} for r in result.repairs
    ]
    values: list[float] = []
    script = Script.read(path)
    written = next((r for r in result.repairs if r.edits is not None), None)
    if written is not None:
        text = rewritten(script, written).text
        for seed in range(9000, 9000 + seeds):
            try:
                values.append(run_script(text, path, seed, truth["goal"]))
            except Exception as error:
                values.append(float("nan"))
                print(f"{folder.name}: the repaired script failed: {error!r}", file=sys.stderr)
    named = {kind for arm in result.arms
             if arm.verdict in ("cause", "contributes", "needs company")
             for kind in (arm.kind,)} | {k for r in result.repairs for k in r.kinds}
    faults = [f["kind"] for f in truth["faults"] if f.get("confirmed", True) is not False]
    return {
        "case": folder.name, "outcome": result.outcome, "rate": result.population.success_rate,
        "seconds": seconds, "engine": result.population.engine, "repairs": repairs,
        "values": values, "solved": sum(reached(truth["goal"], v) for v in values),
        "seeds": seeds, "verdicts": by_verdict, "faults": faults,
        "found": [f for f in faults if named & (KINDS_ALIKE.get(f, set()) | {f})],
        "facts": [f.check for f in result.facts], "sick": bool(truth["faults"]),
        "not_tested": len(result.not_tested), "diff": "" if written is None else written.diff,
    }


def main() -> None:
    """Run all cases, two at a time, each in a process of its own, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("cases", type=Path)
    parser.add_argument("--budget", default="2m")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--json", type=Path)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--singles-only", action="store_true")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        found = diagnose_case(asked.cases, asked.budget, asked.seeds, asked.singles_only)
        print("RESULT " + json.dumps(found))
        return
    folders = [f for f in sorted(asked.cases.iterdir()) if (f / "case.py").exists()
               and (not asked.only or any(name in f.name for name in asked.only))]
    waiting, running, rows = list(folders), [], []
    while waiting or running:
        while waiting and len(running) < asked.jobs:
            folder = waiting.pop(0)
            command = [sys.executable, __file__, str(folder), "--one", "--budget", asked.budget,
                       "--seeds", str(asked.seeds)]
            if asked.singles_only:
                command.append("--singles-only")
            running.append((folder, subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)))
        folder, process = running.pop(0)
        out, errors = process.communicate()
        line = next((row for row in out.splitlines() if row.startswith("RESULT ")), None)
        if line is None:
            last = (errors.strip().splitlines() or ["no output"])[-1]
            rows.append({"case": folder.name, "outcome": "CRASH", "error": last})
        else:
            rows.append(json.loads(line[7:]))
        print(row_text(rows[-1]), flush=True)
    summary(rows)
    if asked.json:
        asked.json.write_text(json.dumps(rows, indent=1))


def row_text(row: dict[str, Any]) -> str:
    """One line of the table."""
    if row["outcome"] == "CRASH":
        return f"{row['case']:38s} CRASH {row['error'][:120]}"
    best = row["repairs"][0] if row["repairs"] else None
    repair = "-" if best is None else (
        f"{best['rate']:.0%} {' + '.join(best['changes'])} ({best['applicability']})")
    return (f"{row['case']:38s} {row['outcome']:9s} {row['rate']:4.0%} {row['seconds']:5.1f}s"
            f" {row['engine']:6s} solved {row['solved']}/{len(row['values'])}"
            f" faults {len(row['found'])}/{len(row['faults'])}  {repair[:150]}")


def summary(rows: list[dict[str, Any]]) -> None:
    """The totals."""
    done = [r for r in rows if r["outcome"] != "CRASH"]
    sick = [r for r in done if r["sick"] and "labels" not in r["faults"]]
    fine = [r for r in done if r not in sick]
    cured = [r for r in sick if r["values"] and r["solved"] >= 0.8 * r["seeds"]]
    faults = sum(len(r["faults"]) for r in sick)
    found = sum(len(r["found"]) for r in sick)
    alarms = [r["case"] for r in fine if r["verdicts"].get("cause")]
    print(f"\n{len(rows)} cases, {len(rows) - len(done)} crashed")
    print(f"repaired (4 of 5 fresh seeds, Keras's own fit): {len(cured)} of {len(sick)}")
    print(f"known faults named: {found} of {faults}")
    print(f"healthy outcomes: {sum(r['outcome'] in HEALTHY for r in fine)} of {len(fine)};"
          f" with a named cause: {', '.join(alarms) or 'none'}")
    print(f"seconds: median {np.median([r['seconds'] for r in done]):.1f},"
          f" most {max(r['seconds'] for r in done):.1f}")


if __name__ == "__main__":
    main()
