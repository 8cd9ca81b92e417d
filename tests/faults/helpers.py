"""A diagnosis that takes a second, with engines that can be made to fail, and what came of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from unstuck.diagnosis import Diagnosis, Options, diagnose_script
from unstuck.journal import Shelf
from unstuck.lab import Budget
from unstuck.population.choice import engines

SCRIPT = """\
import keras
import numpy as np

x = np.tile(np.array([[0, 0], [0, 1], [1, 0], [1, 1]], "float32"), (4, 1))
x = x[np.random.permutation(16)]
model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(8, activation="tanh"),
                          keras.layers.Dense(2, activation="sigmoid")])
model.compile(loss="mse", optimizer=keras.optimizers.Adam(0.001))
model.fit(x, x, epochs=40, batch_size=4, verbose=0)
"""
"""Small, sick, and with data drawn without a seed."""


def written(folder: Path, text: str = SCRIPT) -> Path:
    """The script in a folder."""
    path = folder / "train.py"
    path.write_text(text, encoding="utf-8")
    return path


def diagnosed(script: Path, *, journals: Path | None = None, fresh: bool = False,
              keep: bool = False, **asked: Any) -> Diagnosis:
    """What `unstuck run` does, without printing; the journal goes when all went well."""
    options = Options(**{"budget": Budget.parse("3000runs"), "replicas": 64, **asked})
    shelf = Shelf(journals, fresh=fresh)
    done = False
    try:
        found = diagnose_script(script, options=options, shelf=shelf)
        done = not keep
        return found
    finally:
        shelf.close(done=done)


def said(diagnosis: Diagnosis) -> Any:
    """Everything that a diagnosis claims, without times and notes."""
    result = diagnosis.result
    return (result.outcome, result.population.successes, result.population.replicas,
            [(a.intervention, a.verdict, a.replicas, a.successes, a.difference, a.ci95, a.p_holm)
             for a in result.arms],
            [(r.interventions, r.successes, r.replicas) for r in result.repairs],
            [(n.what, n.reason) for n in result.not_tested], result.budget.trainings)


class Counted:
    """While open, `call` is told of every training by the native engine, before it begins."""

    def __init__(self, monkeypatch: Any, before: Any = None, after: Any = None) -> None:
        self.calls: list[tuple[Any, tuple[int, ...]]] = []
        engine = engines(None)[0]
        original = engine.train

        def train(recipe: Any, seeds: Any, yardstick: Any, **given: Any) -> Any:
            self.calls.append((recipe, tuple(seeds)))
            if before is not None:
                before(len(self.calls))
            population = original(recipe, seeds, yardstick, **given)
            if after is not None:
                after(len(self.calls))
            return population

        monkeypatch.setattr(engine, "train", train)
