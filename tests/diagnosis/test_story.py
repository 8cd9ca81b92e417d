"""The question that started the project, answered from end to end on its two scripts."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from honesty import assert_honest
from unstuck.diagnosis.diagnosis import Diagnosis, Options, diagnose, diagnose_script
from unstuck.diagnosis.repair import prove, rewritten
from unstuck.script import Script
from unstuck.search.budget import Budget

EXAMPLES = Path(__file__).parents[2] / "examples"
PATTERNS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype="float32")

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


@pytest.fixture(scope="module")
def two_bits() -> Diagnosis:
    return diagnose_script(EXAMPLES / "two_bits.py",
                           options=Options(budget=Budget.parse("5m"), seed=3))


@pytest.fixture(scope="module")
def four_rows() -> Diagnosis:
    return diagnose_script(EXAMPLES / "two_bits_four_rows.py",
                           options=Options(budget=Budget.parse("5m")))


def arms(diagnosis, kind, verdicts):
    return [a for a in diagnosis.result.arms if a.kind == kind and a.verdict in verdicts]


def test_the_repair_that_keeps_the_network_comes_first(two_bits):
    first = two_bits.repairs[0]
    assert (first.applicability, first.added_parameters) == ("safe", 0)
    assert first.updates == two_bits.result.fit.updates and first.success_rate > 0.95


def test_it_is_fragile_and_the_ladder_is_there(two_bits):
    result = two_bits.result
    assert_honest(result)
    assert result.outcome in ("FRAGILE", "STUCK")
    assert 0.05 <= result.population.success_rate <= 0.30
    # The script draws 1,000 rows: each share is 0.25 with a deviation of 0.014.
    assert [rung.loss for rung in result.goal.ladder] == pytest.approx(
        [0.173, 0.239, 0.347, 0.477, 0.693], abs=0.05)


def test_the_middle_layers_width_and_its_relu_are_causes(two_bits):
    lines = two_bits.result.source.splitlines()
    width = arms(two_bits, "capacity", ["cause"])
    relu = arms(two_bits, "activation", ["cause"])
    assert any("decoded" in lines[a.location.line - 1] for a in width)
    assert any("decoded" in lines[a.location.line - 1] for a in relu)


def test_the_initialiser_is_acquitted_and_the_loss_no_cause(two_bits):
    assert arms(two_bits, "initializer", ["acquitted", "harmful"])
    assert not arms(two_bits, "loss", ["cause", "contributes", "needs company"])
    assert two_bits.result.placebo.verdict == "acquitted"


def test_more_steps_contribute(two_bits):
    assert arms(two_bits, "epochs", ["contributes", "cause"])


def test_the_repaired_script_learns_with_kerass_own_fit(two_bits):
    repair = two_bits.result.repairs[0]
    assert len(repair.interventions) <= 2
    assert repair.success_rate >= 0.99
    script = Script.read(EXAMPLES / "two_bits.py")
    proved = prove(script, repair, options=Options(budget=Budget.parse("2m")))
    assert proved.ok
    for seed in (1, 2):
        keras.utils.clear_session()
        keras.utils.set_random_seed(seed)
        space = {"__name__": "__main__"}
        exec(compile(rewritten(script, repair).text, "two_bits.py", "exec"), space)
        answers = space["autoencoder"].predict(PATTERNS, verbose=0)
        assert (answers.round() == PATTERNS).all()


def test_with_four_rows_the_split_and_the_budget_are_the_reasons(four_rows):
    result = four_rows.result
    assert_honest(result)
    assert result.outcome == "STUCK"
    facts = {fact.check: fact.message for fact in (*result.facts, *result.suspicions)}
    assert "[1, 1]" in facts["split-takes-patterns"]
    assert "12" in facts["few-updates"]
    kinds = set(result.repairs[0].kinds)
    assert "validation_split" in kinds
    assert kinds & {"epochs", "learning_rate", "optimizer", "batch_size"}
    assert result.repairs[0].success_rate >= 0.95


def test_a_saved_diagnosis_says_the_same(two_bits, tmp_path):
    two_bits.save(tmp_path / "two.unstuck")
    loaded = Diagnosis.load(tmp_path / "two.unstuck")
    assert loaded.result == two_bits.result
    assert str(loaded) == str(two_bits)
    assert np.array_equal(loaded.arrays["control/loss"], two_bits.arrays["control/loss"])


def test_the_same_seed_gives_the_same_diagnosis(two_bits):
    again = diagnose_script(EXAMPLES / "two_bits.py",
                            options=Options(budget=Budget.parse("200runs"), replicas=64, seed=3))
    modes = again.result.population.modes
    assert again.result.population.replicas == 64
    assert modes == diagnose_script(
        EXAMPLES / "two_bits.py",
        options=Options(budget=Budget.parse("200runs"), replicas=64, seed=3)).result.population.modes


def test_a_healthy_model_from_python_is_left_alone(capsys):
    x = np.tile(PATTERNS, (50, 1))
    model = keras.Sequential([
        keras.Input((2,)), keras.layers.Dense(16, activation="tanh"), keras.layers.Dense(2),
        keras.layers.Dense(2, activation="sigmoid")])
    model.compile(optimizer=keras.optimizers.Adam(0.01), loss="binary_crossentropy")
    before = [w.copy() for w in model.get_weights()]
    diagnosis = diagnose(model, x, x, epochs=40, batch_size=8, budget="1m", replicas=64)
    assert diagnosis.outcome == "LEARNS"
    assert diagnosis.causes == ()
    assert diagnosis.repairs == ()
    assert capsys.readouterr().out == ""
    for was, now in zip(before, model.get_weights(), strict=True):
        assert np.array_equal(was, now)


def test_a_placebo_that_had_no_turn_is_listed_as_not_tested():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2, activation="sigmoid")])
    model.compile(optimizer=keras.optimizers.SGD(1e-6), loss="binary_crossentropy")
    result = diagnose(model, PATTERNS, PATTERNS, epochs=2, budget="4runs", verbose=0).result
    assert result.placebo is None
    assert "placebo: another shuffle" in [one.what for one in result.not_tested]
