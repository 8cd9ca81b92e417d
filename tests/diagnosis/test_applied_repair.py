"""A proved repair put into effect: the network and the arguments of fit that were proved."""

from __future__ import annotations

import keras
import numpy as np
import pytest

import unstuck
from recipes import dense
from results_examples import TWO_BITS
from unstuck.base.errors import UnstuckError
from unstuck.capture import capture_model
from unstuck.diagnosis.applied_repair import ReadyRepair
from unstuck.diagnosis.diagnosis import Diagnosis
from unstuck.goal import make_goal
from unstuck.interventions.batch_size import BatchSize
from unstuck.interventions.drop_missing import DropMissing
from unstuck.interventions.early_stopping import Patience
from unstuck.interventions.epochs import Epochs
from unstuck.interventions.learning_rate import LearningRate
from unstuck.interventions.scale_data import ScaleData
from unstuck.interventions.scale_inputs import ScaleInputs
from unstuck.interventions.width import Width
from unstuck.population.choice import engine_for

BITS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], "float32")


def ready(model, x, y, *changes, **fit):
    before = capture_model(model, x, y, **fit).recipe
    after = before
    for change in changes:
        after = (change.of(after) if isinstance(change, type) else change).apply(after)
    return ReadyRepair(info=TWO_BITS.repairs[0], before=before, after=after)


def test_it_is_the_network_that_was_proved():
    """Its weights are a replica's, and trained on with the arguments it does as well as that."""
    model = dense(4, 2, 2)
    before = model.get_weights()
    found = ready(model, BITS, BITS, Width.of(capture_model(model, BITS, BITS).recipe, "dense", 16),
                  Epochs(value=3, was=1), LearningRate(value=0.1, was=0.001), epochs=1,
                  shuffle=False)
    goal = make_goal(found.before, seed=0)
    engine, _ = engine_for(found.after, like=None, threads=1)
    replica = engine.train(found.after, range(5, 6), goal, probes=False)
    made = found.apply(model, seed=5)
    assert [layer.units for layer in made.layers if hasattr(layer, "units")] == [16, 2, 2]
    history = made.fit(BITS, BITS, shuffle=False, verbose=0, **found.fit_arguments)
    assert found.fit_arguments == {"epochs": 3}
    np.testing.assert_allclose(history.history["loss"], replica.loss[0], rtol=1e-5)
    assert all((a == b).all() for a, b in zip(before, model.get_weights(), strict=True))
    assert (found.apply(seed=5).get_weights()[0] == found.apply(seed=5).get_weights()[0]).all()
    assert (found.apply(seed=6).get_weights()[0] != found.apply(seed=5).get_weights()[0]).any()


def test_what_fit_is_to_be_given():
    rows = np.arange(24, dtype="float32").reshape(8, 3)
    model = dense(3, 3, inputs=3, output="linear", loss="mse")
    found = ready(model, rows, rows, ScaleData, BatchSize(value=4, was=32))
    assert found.fit_arguments.keys() == {"x", "y", "batch_size"}
    assert found.fit_arguments["x"].max() == found.fit_arguments["y"].max() == 1
    held = rows.copy()
    held[2, 1] = np.nan
    found = ready(model, held, rows, DropMissing())
    assert [len(found.fit_arguments[name]) for name in ("x", "y")] == [7, 7]
    assert ready(model, rows, rows, ScaleInputs()).fit_arguments == {}


def test_callbacks_that_the_repair_changes():
    callbacks = [keras.callbacks.EarlyStopping("loss", patience=0, min_delta=0.5),
                 keras.callbacks.ReduceLROnPlateau("loss", factor=0.3, patience=2),
                 keras.callbacks.ModelCheckpoint("a.keras")]
    kept, changed = ready(dense(3, 2), BITS, BITS, Patience(value=7), callbacks=callbacks
                          ).fit_arguments["callbacks"]
    assert type(kept) is keras.callbacks.EarlyStopping
    assert (kept.monitor, kept.patience, kept.min_delta) == ("loss", 7, 0.5)
    assert type(changed) is keras.callbacks.ReduceLROnPlateau
    assert (changed.factor, changed.patience) == (pytest.approx(0.3), 2)


def test_another_model_is_refused():
    found = ready(dense(3, 2), BITS, BITS)
    found.apply(dense(5, 2))  # of the same layers
    with pytest.raises(UnstuckError, match="not the model that was diagnosed"):
        found.apply(dense(3, 3, 2))


def test_a_whole_diagnosis_has_its_repairs_and_a_file_has_not(tmp_path):
    model = dense(4, 2, 2)
    found = unstuck.diagnose(model, BITS, BITS, epochs=12, budget="30s", replicas=64)
    repair = found.repair()
    assert repair.info is found.repairs[0]
    assert "made by diagnosis.repair().apply(model)" in " ".join(str(found).split())
    assert repair.info.success_rate > 0.9
    made = repair.apply(model)
    made.fit(BITS, BITS, **{"epochs": 12, "verbose": 0} | repair.fit_arguments)
    assert (made.predict(BITS, verbose=0).round() == BITS).all()
    with pytest.raises(UnstuckError, match="There is no repair 9: the diagnosis has"):
        found.repair(9)
    found.save(tmp_path / "a.unstuck")
    with pytest.raises(UnstuckError, match="from a file has no networks in it"):
        Diagnosis.load(tmp_path / "a.unstuck").repair()
