"""A budget in time is the user's: what comes before the first training and after the last counts."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import pytest

from faults.helpers import SCRIPT
from recipes import two_bits
from unstuck.base.errors import TooSlow
from unstuck.base.progress import Progress
from unstuck.capture import capture_text
from unstuck.diagnosis import diagnosis
from unstuck.diagnosis.diagnosis import Options, diagnose_captured
from unstuck.goal import make_goal
from unstuck.search.budget import Budget
from unstuck.search.experiment import OVERTIME, Experiment


@pytest.mark.parametrize("passed", [2.0, 1000.0])
def test_what_passed_before_the_first_training_counts(passed: float, monkeypatch: Any) -> None:
    spent = []

    class Steps(diagnosis.Steps):
        def run(self) -> Any:
            spent.append(self.chunks.clock.spent)
            return super().run()

    monkeypatch.setattr(diagnosis, "Steps", Steps)
    options = Options(budget=Budget.parse("60s"), begun=time.monotonic() - passed, pictures=False,
                      singles_only=True, replicas=16)
    captured = capture_text(SCRIPT)
    if passed > 60:
        with pytest.raises(TooSlow, match="nothing is left to train with"):
            diagnose_captured(captured, options=options, progress=Progress())
    else:
        found = diagnose_captured(captured, options=options, progress=Progress())
        assert passed <= found.result.budget.spent
    assert passed <= spent[0] < passed + 30.0
    monkeypatch.undo()
    counted_in_runs = replace(options, budget=Budget.parse("20runs"), begun=time.monotonic() - 1000)
    assert diagnose_captured(captured, options=counted_in_runs,
                             progress=Progress()).result.budget.spent < 900


@pytest.mark.parametrize(("spent", "spare"), [
    (0.0, 60.0), (110.0, 6.0), (120.0, OVERTIME), (123.0, 2.0), (125.0, 0.0), (500.0, 0.0)])
def test_pictures_end_soon_after_the_budget(spent: float, spare: float) -> None:
    recipe = two_bits(8)
    experiment = Experiment(recipe, make_goal(recipe), budget=Budget.parse("2m"))
    experiment._clock.forward(spent)
    assert experiment.spare == pytest.approx(spare, abs=0.5)
