"""Measures specimens with Keras's own `fit`, and writes what came out into their second line.

    python benchmarks/specimens.py specimens/unscaled_inputs.py … [--seeds 3] [--write] [--try LABEL]

A small population shows which checks speak and what the specimen's own check proposes. The script
as it is, and as edited by each proposal until one cures, is run as it stands on some seeds of
Keras's, and judged by the yardstick of its recipe. The model must be called `model` in it.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import warnings
from pathlib import Path
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "jax")

import keras
import numpy as np

from unstuck.capture import capture_script
from unstuck.checks import Finding, Observation, all_checks
from unstuck.diagnosis.outcome import judge_outcome
from unstuck.goal import Goal, make_goal
from unstuck.interventions import Intervention, edits_for
from unstuck.network.recipe import Recipe
from unstuck.population.choice import engine_for
from unstuck.search.candidates import singles

REPLICAS = 16


def learned(text: str, path: Path, recipe: Recipe, goal: Goal, seeds: int) -> int:
    """On how many seeds a script, run with Keras's own `fit`, learns; `recipe` is its own."""
    count, inputs = 0, recipe.scaled(goal.inputs) if recipe.filled else goal.inputs
    for seed in range(seeds):
        keras.utils.clear_session()
        keras.utils.set_random_seed(seed)
        space: dict[str, Any] = {"__name__": "__main__", "__file__": str(path)}
        with contextlib.redirect_stdout(io.StringIO()):
            exec(compile(text, str(path), "exec"), space)
            outputs = space["model"].predict(inputs, verbose=0)
        outputs = [out[None] for out in outputs] if isinstance(outputs, list) else outputs[None]
        with np.errstate(invalid="ignore"):
            count += bool(goal.score(recipe, outputs)[0, 0] >= goal.threshold - 1e-9)
    return count


def examine(path: Path, seeds: int, wanted: str | None) -> str:
    """Print what is seen of one script; the second line that it should have."""
    captured = capture_script(path)
    recipe, script = captured.recipe, captured.script
    assert script is not None
    goal = make_goal(recipe)
    engine, _ = engine_for(recipe)
    control = engine.train(recipe, range(REPLICAS), goal)
    outcome, said = judge_outcome(goal, control)
    print(f"{path}: {outcome}, {said} ({control.engine}, {control.seconds:.1f} s); {goal.why}")
    seen = Observation(recipe=recipe, goal=goal, control=control)
    findings: list[Finding] = [f for check in all_checks().values() for f in check().findings(seen)]
    for finding in findings:
        print(f"  {finding.certainty.value} {finding.check}: {finding.message}")
        print(f"    tries {[change.label for change in finding.interventions]}")
    own = path.stem.replace("_", "-")
    tried: list[Intervention] = [c for f in findings if f.check == own for c in f.interventions]
    if wanted is not None:
        tried = [c.change for c in singles(recipe, goal, findings) if c.change.label == wanted]
    as_is = learned(script.text, path, recipe, goal, seeds)
    line = f"# As is {as_is} of {seeds} seeds learn"
    for change in tried:
        edits = edits_for((change,), script, recipe)
        if edits is None:
            print(f"  “{change.label}” cannot be written")
            continue
        cured = learned(script.apply(edits).text, path, change.apply(recipe), goal, seeds)
        print(f"  “{change.label}”: {cured} of {seeds}")
        if cured == seeds:
            return f"{line}; with “{change.label}” {cured}."
    return f"{line}."


def main() -> None:
    """Measure the scripts named."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("scripts", type=Path, nargs="+")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--write", action="store_true", help="write the second line")
    parser.add_argument("--try", dest="wanted", help="a change by its label, whoever proposes it")
    asked = parser.parse_args()
    for path in asked.scripts:
        with warnings.catch_warnings(action="ignore"):
            line = examine(path, asked.seeds, asked.wanted)
        print(f"  {line}", flush=True)
        if asked.write:
            first, _, rest = path.read_text(encoding="utf-8").split("\n", 2)
            path.write_text("\n".join([first, line, rest]), encoding="utf-8")


if __name__ == "__main__":
    main()
