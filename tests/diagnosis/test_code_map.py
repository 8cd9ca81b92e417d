"""Codes of many inputs as points of a plane."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from sklearn.datasets import load_digits

from recipes import dense, recipe, two_bits
from unstuck.diagnosis.account import code_map
from unstuck.goal import make_goal
from unstuck.population.choice import engine_for
from unstuck.result.results import CodeMap

DIGITS = (load_digits().data[:600] / 16).astype("float32")


@pytest.fixture(scope="module")
def trained():
    given = recipe(dense(32, 3, 64, inputs=64), DIGITS, DIGITS, epochs=2)
    goal = make_goal(given)
    return goal, engine_for(given)[0].train(given, range(4), goal)


def test_codes_of_many_rows_are_kept_for_autoencoders(trained):
    _, population = trained
    assert population.outputs is None
    assert population.code_layer == "dense_1"
    assert population.codes.shape == (4, 256, 3)


def test_the_plane_is_that_of_the_principal_components(trained):
    goal, population = trained
    found = code_map(goal, population, [])
    assert isinstance(found, CodeMap)
    assert (found.layer, len(found.rows), len(found.before), found.after) == (
        "dense_1", 256, 256, ())
    losses = population.final_loss
    usual = int(np.argmin(np.abs(losses - np.median(losses))))
    codes = population.codes[usual]
    values = np.linalg.eigvalsh(np.cov(codes.T, bias=True))
    np.testing.assert_allclose(np.var(found.before, axis=0), values[::-1][:2], rtol=1e-2)
    assert found.held[0] == pytest.approx(values[1:].sum() / values.sum(), rel=1e-3)


def test_no_map_where_a_table_shows_the_codes(trained):
    _, population = trained
    small = make_goal(two_bits())
    assert code_map(small, population, []) is None
    goal = trained[0]
    assert code_map(goal, dataclasses.replace(population, codes=None), []) is None
    lost = np.full(4, np.nan, np.float32)
    assert code_map(goal, dataclasses.replace(population, final_loss=lost), []) is None
