"""Inputs scaled where there are several of them: each but those that are looked up."""

from __future__ import annotations

import numpy as np
import pytest

from checks.helpers import findings, observed
from interventions.sameness import assert_square, original
from unstuck.interventions.scale_inputs import ScaleInputs
from unstuck.interventions.scale_targets import ScaleTargets


def test_each_is_scaled_by_its_own_rows() -> None:
    written = assert_square("towers", (ScaleInputs(),)).text
    assert "tower(years_normalization(a), 4)" in written
    assert "), layers.Normalization(" in written
    assert "layers.Embedding(4, 2)(b)" in written
    _, recipe = original("towers")
    new = {one.anchor: one.config["mean"] for one in ScaleInputs().apply(recipe).architecture.inserted}
    mean = np.mean(recipe.train.x["years"])
    assert new == {"years": pytest.approx([mean], rel=1e-5), "again": pytest.approx([-mean], rel=1e-5)}
    assert_square("towers", (ScaleInputs(), ScaleTargets()))


def test_the_check_looks_at_those_that_are_not_looked_up() -> None:
    _, recipe = original("towers")
    found = findings("unscaled-inputs", observed(recipe))
    assert [change.label for one in found for change in one.interventions] == ["inputs scaled"]
    assert not findings("unscaled-inputs", observed(ScaleInputs().apply(recipe)))
