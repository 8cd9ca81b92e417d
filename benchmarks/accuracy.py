"""How right the diagnoses are, over folders of cases and over our own specimens.

    python benchmarks/accuracy.py CASES [--budget 2m] [--seeds 5] [--only NAME …] [--json FILE]
                                  [--singles-only] [--no-causes] [--keep DIR] [--answers-only]

A case is a folder with `case.py` and `truth.json` (symptom, faults, fixes, goal); `injected.py` makes
such folders of our own scripts. Each is diagnosed as it stands; then the *repaired script* is run with
Keras's own `fit` on fresh seeds and measured by the case's own goal, which the diagnosis never sees.
No case is known by name.

With `--answers-only` nothing is repaired or measured: every case is given to `unstuck run` in a process
of its own, as a user would, and a table says whether its training was captured, what was answered, how
the command ended and in what time. `truth.json` is not read then, so any folder of `NAME/case.py` or
of scripts will do.

Cleared: no kind of thing that a report says is not the reason may be a fault that was confirmed by
training. Members: the changes of the repairs that are offered, and how many of them carry no verdict,
neither by a trial of their own nor by having been put back into the repaired network.

Recall: of the faults whose removal is needed, how many have a change of their kind among what was
proved or repaired, or are stated as a fact by a check that the case names. Precision: of the changes
called a cause, how many make the script, edited so and run with Keras's own `fit`, reach the goal on
more fresh seeds than it does as it is.
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
PROVED = ("cause", "contributes", "needs company")
KINDS_ALIKE = {
    # A benchmark's word for a fault, and the kinds of change that take it away.
    "target_scale_or_encoding": {"target_encoding", "loss", "activation", "input_scale"},
    "optimizer": {"optimizer", "learning_rate"},
    "learning_rate": {"learning_rate", "optimizer"},
    "epochs": {"epochs", "learning_rate", "optimizer"},
    "activation": {"activation", "loss"},
    "loss": {"loss"},
    "batch_size": {"batch_size", "epochs", "learning_rate", "optimizer"},
    "initializer": {"initializer", "activation"},
    "clipping": {"clipping", "optimizer", "learning_rate"},
    "input_scale": {"input_scale"},
}
KIND_OF_FACT = {
    # What a fact blames, where it needs no trial to be true.
    "softmax-over-one-unit": "activation", "output-cannot-reach-targets": "activation",
    "double-activation": "activation", "loss-does-not-suit-targets": "loss",
    "targets-say-nothing": "labels", "nan-in-data": "labels", "rows-out-of-step": "labels",
    "contradicting-rows": "labels", "split-takes-patterns": "validation_split",
    "frozen-layer": "frozen", "constant-initializer": "initializer",
}
MOST_CAUSES = 3
"""So many of the changes called a cause are run with Keras's own `fit`."""


def goal_helpers() -> dict[str, Any]:
    """The functions that goals are written in."""

    def acc_argmax(model: Any, x: Any, labels: Any) -> float:
        truth = np.asarray(labels)
        truth = truth.argmax(-1) if truth.ndim > 1 and truth.shape[-1] > 1 else truth.reshape(-1)
        return float((model.predict(x, verbose=0).argmax(-1) == truth).mean())

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

    from unstuck.capture.older import understood
    from unstuck.script import Script
    from unstuck.script.dialect import dialect_of

    keras.utils.clear_session()
    keras.utils.set_random_seed(seed)
    space: dict[str, Any] = {"__name__": "__main__", "__file__": str(path)}
    dialect = dialect_of(Script.parse(text, path), path.parent)
    with understood(dialect, str(path.parent)), contextlib.redirect_stdout(io.StringIO()):
        exec(compile(text, str(path), "exec"), space)
        space.update({k: v for k, v in goal_helpers().items() if k not in space})
        return float(eval(goal.get("expression") or goal["how"], space))


def reached(goal: dict[str, Any], value: float) -> bool:
    """Whether a value is good enough."""
    if "at_least" in goal:
        return bool(value >= goal["at_least"])
    return bool(value <= goal["at_most"])


def values_of(text: str, path: Path, goal: dict[str, Any], seeds: int) -> list[float]:
    """The goal's value on fresh seeds; NaN where the script fails."""
    values = []
    for seed in range(9000, 9000 + seeds):
        try:
            values.append(run_script(text, path, seed, goal))
        except Exception as error:
            values.append(float("nan"))
            print(f"{path.parent.name}: the edited script failed: {error!r}", file=sys.stderr)
    return values


def check_causes(
    arms: Any, script: Any, path: Path, goal: dict[str, Any], seeds: int
) -> tuple[list[str], list[str]]:
    """Of the changes called a cause and written into the script, which help there and which do not."""
    from unstuck.script import Edit

    causes = [arm for arm in arms if arm.verdict == "cause" and arm.edits][:MOST_CAUSES]
    if not causes:
        return [], []
    as_is = sum(reached(goal, value) for value in values_of(script.text, path, goal, seeds))
    held, wrong = [], []
    for arm in causes:
        edits = [Edit(start=e.start, end=e.end, replacement=e.replacement) for e in arm.edits]
        values = values_of(script.apply(edits).text, path, goal, seeds)
        helps = sum(reached(goal, value) for value in values) > as_is
        (held if helps else wrong).append(arm.intervention)
    return held, wrong


def diagnose_case(
    folder: Path, budget: str, seeds: int, singles_only: bool, keep: Path | None, causes: bool
) -> dict[str, Any]:
    """Diagnose one case and measure its repair; everything as plain values."""
    from unstuck.diagnosis.diagnosis import Budget, Options, diagnose_script
    from unstuck.diagnosis.repair import rewritten
    from unstuck.script import Script

    truth = json.loads((folder / "truth.json").read_text())
    path = folder / "case.py"
    begun = time.monotonic()
    options = Options(budget=Budget.parse(budget), singles_only=singles_only)
    diagnosis = diagnose_script(path, options=options)
    result = diagnosis.result
    seconds = time.monotonic() - begun
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        diagnosis.save(keep / f"{folder.name}.unstuck")
    by_verdict: dict[str, list[str]] = {}
    for arm in result.arms:
        if arm.kind != "placebo":
            by_verdict.setdefault(arm.verdict, []).append(f"{arm.kind}: {arm.intervention}")
    repairs = [
        {"changes": r.interventions, "kinds": r.kinds, "rate": r.success_rate,
         "replicas": r.replicas, "applicability": r.applicability} for r in result.repairs
    ]
    script = Script.read(path)
    written = next((r for r in result.repairs if r.edits is not None), None)
    values = [] if written is None else values_of(
        rewritten(script, written).text, path, truth["goal"], seeds)
    held, wrong = (check_causes(result.arms, script, path, truth["goal"], seeds) if causes
                   else ([], []))
    stated = {f.check for f in result.facts}
    told = {KIND_OF_FACT.get(name, "") for name in stated}
    named = {kind for arm in result.arms
             if arm.verdict in PROVED
             for kind in (arm.kind,)} | {k for r in result.repairs for k in r.kinds}
    proved = {name for arm in result.arms if arm.verdict in PROVED for name in arm.checks}
    needed = [f for f in truth["faults"] if f.get("confirmed", True) is not False]
    faults = [f["kind"] for f in needed]
    confirmed = {"target_encoding" if f["kind"] == "target_scale_or_encoding" else f["kind"]
                 for f in truth["faults"] if f.get("confirmed") is True}
    members = [(change, back) for r in result.repairs
               for change, back in zip(r.interventions, r.put_back or (None,) * len(r.interventions),
                                       strict=True)]
    decided = {arm.intervention for arm in result.arms
               if arm.verdict not in ("undecided", "no effect alone")}
    return {
        "case": folder.name, "outcome": result.outcome, "rate": result.population.success_rate,
        "seconds": seconds, "engine": result.population.engine, "repairs": repairs,
        "values": values, "solved": sum(reached(truth["goal"], v) for v in values),
        "seeds": seeds, "verdicts": by_verdict, "faults": faults,
        "found": [f["kind"] for f in needed
                  if (named | told) & (KINDS_ALIKE.get(f["kind"], set()) | {f["kind"]})
                  or set(f.get("checks", ())) & (stated | proved)],
        "causes_held": held, "causes_wrong": wrong, "curable": truth.get("curable", True),
        "cleared": [one.kind for one in result.cleared],
        "cleared_guilty": sorted({one.kind for one in result.cleared} & confirmed),
        "members": len(members),
        "members_open": [change for change, back in members
                         if back is None and change not in decided],
        "facts": sorted(stated), "sick": bool(truth["faults"]),
        "not_tested": len(result.not_tested), "diff": "" if written is None else written.diff,
    }


def answer_of(script: Path, budget: str, most: float) -> dict[str, Any]:
    """What `unstuck run` makes of one script: outcome, exit code, seconds."""
    command = [sys.executable, "-m", "unstuck", "run", str(script), "--budget", budget,
               "--no-journal", "--format", "json"]
    begun = time.monotonic()
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=most)
        code, out, errors = str(done.returncode), done.stdout, done.stderr
    except subprocess.TimeoutExpired:
        code, out, errors = "hangs", "", f"no answer after {most:.0f} s"
    try:
        found = json.loads(out)
    except ValueError:
        found = None
    said = [line for line in errors.splitlines() if line.startswith("unstuck: ")]
    crashed = code == "hangs" or "this is a fault of unstuck" in errors
    return {
        "case": script.parent.name if script.name == "case.py" else script.stem,
        "captured": found is not None, "exit": code, "crashed": crashed,
        "seconds": time.monotonic() - begun,
        "outcome": "CRASH" if crashed else "refused" if found is None else found["outcome"],
        "said": "" if found is not None else (said or errors.splitlines() or ["no output"])[-1],
    }


def answers(folder: Path, budget: str, only: list[str], most: float) -> list[dict[str, Any]]:
    """Ask for every case in turn, and print the table."""
    scripts = sorted({*folder.glob("*/case.py"), *folder.glob("*.py")})
    rows = []
    print(f"{'case':38s} {'captured':8s} {'outcome':10s} {'exit':>5s} {'seconds':>8s}")
    for script in scripts:
        if only and not any(name in str(script.relative_to(folder)) for name in only):
            continue
        row = answer_of(script, budget, most)
        rows.append(row)
        print(f"{row['case']:38s} {'yes' if row['captured'] else 'no':8s} {row['outcome']:10s}"
              f" {row['exit']:>5s} {row['seconds']:8.1f}  {row['said'][:100]}", flush=True)
    print(f"\n{len(rows)} cases, {sum(row['captured'] for row in rows)} captured and answered,"
          f" {sum(row['crashed'] for row in rows)} crashed; seconds: median"
          f" {np.median([row['seconds'] for row in rows]):.1f}, most"
          f" {max(row['seconds'] for row in rows):.1f} (budget {budget})")
    return rows


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
    parser.add_argument("--no-causes", dest="causes", action="store_false",
                        help="run only the repaired scripts, not one for each cause (precision)")
    parser.add_argument("--keep", type=Path, help="keep each case's diagnosis in this folder")
    parser.add_argument("--answers-only", action="store_true",
                        help="only what is answered, how the command ends and in what time")
    parser.add_argument("--most", type=float, default=900.0,
                        help="with --answers-only: seconds after which a case counts as hanging")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        found = diagnose_case(
            asked.cases, asked.budget, asked.seeds, asked.singles_only, asked.keep,
            asked.causes)
        print("RESULT " + json.dumps(found))
        return
    if asked.answers_only:
        rows = answers(asked.cases, asked.budget, asked.only, asked.most)
        if asked.json:
            asked.json.write_text(json.dumps(rows, indent=1))
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
            if not asked.causes:
                command.append("--no-causes")
            if asked.keep is not None:
                command += ["--keep", str(asked.keep)]
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
    sick = [r for r in done if r["sick"] and "labels" not in r["faults"] and r["curable"]]
    empty = [r for r in done if r["sick"] and r not in sick]
    fine = [r for r in done if not r["sick"]]
    cured = [r for r in sick if r["values"] and r["solved"] >= 0.8 * r["seeds"]]
    faults = sum(len(r["faults"]) for r in sick + empty)
    found = sum(len(r["found"]) for r in sick + empty)
    held = sum(len(r["causes_held"]) for r in done)
    wrong = [f"{r['case']}: {change}" for r in done for change in r["causes_wrong"]]
    alarms = [r["case"] for r in fine if r["verdicts"].get("cause")]
    print(f"\n{len(rows)} cases, {len(rows) - len(done)} crashed")
    print(f"repaired (4 of 5 fresh seeds, Keras's own fit): {len(cured)} of {len(sick)}")
    print(f"known faults named (recall): {found} of {faults}")
    if held or wrong:
        print(f"causes that hold when run (precision): {held} of {held + len(wrong)}"
              + "".join(f"\n  not: {name}" for name in wrong))
    print(f"reports that clear a confirmed fault: {sum(bool(r['cleared_guilty']) for r in done)} of"
          f" {len(done)}" + "".join(f"\n  {r['case']}: {', '.join(r['cleared_guilty'])}"
                                    for r in done if r["cleared_guilty"]))
    members, open_ = sum(r["members"] for r in done), sum(len(r["members_open"]) for r in done)
    print(f"changes in repairs without a verdict: {open_} of {members}")
    print(f"faults in data, no cause claimed: {sum(not r['verdicts'].get('cause') for r in empty)}"
          f" of {len(empty)}")
    print(f"healthy outcomes: {sum(r['outcome'] in HEALTHY for r in fine)} of {len(fine)};"
          f" with a named cause: {', '.join(alarms) or 'none'}")
    print(f"seconds: median {np.median([r['seconds'] for r in done]):.1f},"
          f" most {max(r['seconds'] for r in done):.1f}")


if __name__ == "__main__":
    main()
