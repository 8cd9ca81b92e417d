"""Looks at the user's own training from inside `fit`, and can diagnose it afterwards.

    watcher = unstuck.Callback()
    model.fit(x, y, epochs=20, callbacks=[watcher])
    watcher.diagnosis()

The training is bit for bit what it is without: while it runs, only the logs of each epoch are kept;
the look at the end draws nothing and changes nothing. It leaves out what takes long, asking plain
methods what the data allows: where that alone would tell whether the training learned, it says how far
the training came, and `diagnosis()` says the rest. What it costs is measured by benchmarks/callback.py.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TextIO

import keras
import numpy as np

from unstuck.base.errors import UnstuckError
from unstuck.base.progress import Progress
from unstuck.capture import capture_model, capture_trained
from unstuck.checks import Observation, all_checks
from unstuck.diagnosis.diagnosis import Diagnosis, Options, diagnose_captured
from unstuck.goal import GAP_CLOSED, LEAST_SIGNAL, Goal, make_goal
from unstuck.network import adapter
from unstuck.network.recipe import Recipe
from unstuck.population.population import Population
from unstuck.search.budget import Budget

from .suspects import suspects
from .watching import LARGEST, Watching


class Callback(Watching):
    """Says in a line each what looks wrong, and at the end whether it learned.

    Args:
        budget: what `diagnosis()` may cost: "90s", "2m" or "200runs".
        goal: what counts as learned, such as "accuracy >= 0.95".
        horizon: updates that its trainings go, or "full"; by default what the budget has room for.
        rows: so many of the rows it trains on; by default all.
        out: where the lines go; standard error by default.
    """

    def __init__(
        self, *, budget: str = "2m", goal: str | None = None, horizon: int | str | None = None,
        rows: int | None = None, out: TextIO | None = None,
    ) -> None:
        super().__init__(out=out)
        self._options = Options.read(budget=budget, goal=goal, horizon=horizon, rows=rows)
        all_checks()  # their files are read now, not while the user waits for the end of fit

    def on_train_end(self, logs: Mapping[str, Any] | None = None) -> None:
        """A look at data, network and result, and a closing line."""
        if self._fit is not None and self._losses:
            self.look_at(self._fit, self._losses)

    def look_at(
        self, fit: Mapping[str, Any], losses: Sequence[float], *, elsewhere: str = ""
    ) -> None:
        """The same of a `fit` with these arguments, of which these losses of its epochs came.

        Args:
            fit: its arguments, as the user gave them.
            losses: one for each epoch.
            elsewhere: where it ran in another process, the command that diagnoses there; what ran here
                need not be tried again to see that it can be trained.
        """
        self._fit, self._losses = fit, list(losses)
        with adapter.random_state_kept():
            try:
                self._close(elsewhere)
            except UnstuckError as error:
                self._say(f"this training cannot be looked at: {error}")
            except Exception as error:  # never the user's training's fault, nor its end
                self._say(f"a fault of unstuck's kept it from looking: {error!r}")

    def diagnosis(self, *, budget: str | None = None) -> Diagnosis:
        """Diagnose the training that was watched, as `unstuck.diagnose` would.

        Args:
            budget: another one than the callback was made with.

        Raises:
            UnstuckError: there was no training yet, or it cannot be trained again, and why.
        """
        options = self._options
        if budget is not None:
            options = replace(options, budget=Budget.parse(budget))
        fit = self._arguments()
        captured = capture_model(self.model, fit.pop("x"), fit.pop("y"), **fit)
        return diagnose_captured(captured, options=options, progress=Progress())

    def _close(self, elsewhere: str) -> None:
        diagnosing = elsewhere or f"{self._name()}.diagnosis()"
        how = f"{diagnosing} finds out why, and what helps"
        size = sum(int(np.prod(np.shape(a))) for a in keras.tree.flatten(
            (self._fit or {}).get("x")) if hasattr(a, "shape"))
        if size > LARGEST:
            self._say(f"the loss ended at {self._losses[-1]:.4g}; {how}")
            return
        given = self._arguments()
        captured = (capture_model(self.model, **given) if elsewhere
                    else capture_trained(self.model, given))
        goal = make_goal(captured.recipe, asked=self._options.goal, references=False)
        control = self._own_run(captured.recipe, goal)
        score = float(control.score[0, 0])
        learned = _surely(goal, control)
        if learned is None:  # a check that speaks of failures only would speak too soon
            goal = replace(goal, threshold=-math.inf)
        seen = Observation(recipe=captured.recipe, goal=goal, control=control)
        for finding in suspects(seen):
            # Checks count replicas, and this is one.
            message = finding.message.replace(" in 1 of 1 failing trainings", "")
            self._say_once(finding.check, f"{finding.check}: {message}")
        measured = f"{goal.metric} {score:.3g}"
        if learned is None:
            share = (score - goal.constant) / (1.0 - goal.constant)
            self._say(f"it came {share:.0%} of the way from a constant output to a perfect answer"
                      f" ({measured}); {diagnosing} finds out whether the data allows more")
            return
        if goal.settled:
            measured += f", where {goal.threshold:.3g} counts as learned"
        if learned:
            self._say(f"it learned ({measured}); {diagnosing} says how often it would")
        else:
            self._say(f"it did not learn ({measured}); {how}")

    def _name(self) -> str:
        """The variable that holds this callback where `fit` was called, or what would make one."""
        frame = inspect.currentframe()
        while frame is not None:
            home = str(frame.f_globals.get("__name__", "")).partition(".")[0]
            if home not in ("keras", "unstuck"):
                for name, value in (*frame.f_locals.items(), *frame.f_globals.items()):
                    if value is self:
                        return name
            frame = frame.f_back
        return "callback"

    def _own_run(self, recipe: Recipe, goal: Goal) -> Population:
        """The user's own training as a population of one."""
        outputs = keras.tree.map_structure(
            lambda a: np.asarray(a)[None], adapter.outputs_of(self.model, goal.inputs))
        loss = np.asarray([self._losses], np.float32)
        kept = goal.keeps_outputs and not keras.tree.is_nested(outputs)
        return Population(
            seeds=(0,), loss=loss, final_loss=loss[:, -1],
            score=goal.score(recipe, outputs, loss[:, -1]), engine="fit", strategy="own run",
            outputs=np.asarray(outputs, np.float32) if kept else None)



def _surely(goal: Goal, run: Population) -> bool | None:
    """Whether a run learned; `None` where it depends on what plain methods would reach."""
    if goal.settled:
        return bool(goal.learned(run)[0])
    score = float(run.score[0, 0])
    least = goal.constant  # PCA may keep hardly more than that
    if not goal.is_autoencoder:
        least += GAP_CLOSED * LEAST_SIGNAL * (1.0 - goal.constant)
    if run.diverged[0] or not score >= least:
        return False
    return True if score >= goal.threshold else None
