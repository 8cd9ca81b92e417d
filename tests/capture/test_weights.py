"""Weights that were loaded or trained before `fit` are kept in every replica; the rest is drawn."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from recipes import Watched
from unstuck.capture import capture_model, capture_script
from unstuck.population.keras_engine.engine import KerasEngine
from unstuck.population.native_engine.engine import MISSING, NativeEngine

LOADED = """
base = keras.Sequential([keras.Input((2,)), layers.Dense(5, activation="relu", name="old"),
                         layers.BatchNormalization(name="norm")], name="base")
base.get_layer("old").set_weights([np.full((2, 5), 0.25), np.full(5, 0.5)])
model = keras.Sequential([keras.Input((2,)), base, layers.Dense(2, name="new")])
model.compile("adam", "mse")
"""
SOURCES = {
    "set_weights": (LOADED + "model.fit(x, x)", "The weights of old had been loaded"),
    "a file": (
        "def build(): return keras.Sequential([keras.Input((2,)), layers.Dense(2, name='d')])\n"
        "build().save_weights('w.weights.h5')\nmodel = build()\n"
        "model.load_weights('w.weights.h5')\nmodel.compile('adam', 'mse')\nmodel.fit(x, x)",
        "All weights had been loaded or trained"),
    "the same weights again": (
        "$MODEL\nfirst = model.get_weights()\nmodel.set_weights(first)\nmodel.fit(x, x)", None),
    "nothing": ("$MODEL\nmodel.fit(x, x)", None),
    "predicted before": ("$MODEL\nmodel.predict(x, verbose=0)\nmodel.fit(x, x)", None),
    "adapted": (
        "scale = layers.Normalization()\nscale.adapt(x)\n"
        "model = keras.Sequential([keras.Input((2,)), scale, layers.Dense(2)])\n"
        "model.compile('sgd', 'mse')\nmodel.fit(x, x)", None),
}


@pytest.mark.parametrize("name", SOURCES)
def test_what_was_loaded_is_noticed(write, name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    source, told = SOURCES[name]
    captured = capture_script(write("$DATA\n" + source))
    notes = [note for note in captured.notes if "loaded or trained" in note]
    assert bool(captured.recipe.architecture.kept) is bool(notes) is (told is not None)
    if told is not None:
        assert told in notes[0]
    assert captured.recipe.optimizer.state == ()


@pytest.mark.skipif(MISSING is not None, reason=str(MISSING))
def test_replicas_share_what_was_loaded_and_nothing_else(write):
    recipe = capture_script(write("$DATA\n" + LOADED.replace('"adam"', "keras.optimizers.SGD(0.0)")
                                  + "model.fit(x, x)")).recipe
    for engine in (NativeEngine(), KerasEngine(strategy="vmap")):
        assert engine.refuses(recipe) is None
        weights = engine.train(recipe, [1, 2], Watched(recipe.x), keep_weights=True).weights
        old = next(value for path, value in weights.items() if path.endswith("old/kernel"))
        new = next(value for path, value in weights.items() if path.endswith("new/kernel"))
        np.testing.assert_allclose(old, 0.25)
        assert not np.array_equal(new[0], new[1])


def test_a_second_fit_goes_on_where_the_first_one_left_off(write):
    source = (
        "$DATA\n$MODEL\nmodel.fit(x, x, epochs=3, verbose=0)\n"
        "model.fit(x, 1 - x, epochs=5, shuffle=False, batch_size=8, verbose=0)\n"
        "np.save('after.npy', np.concatenate([w.ravel() for w in model.get_weights()]))\n")
    path = write(source.replace("'after.npy'", "__file__ + '.npy'"))
    captured = capture_script(path, fit="2", through=True)
    recipe = captured.recipe
    assert any("the optimizer with its 6 updates" in note for note in captured.notes)
    assert NativeEngine().refuses(recipe) is not None
    population = KerasEngine(strategy="steps").train(
        recipe, [1, 2], Watched(recipe.x), keep_weights=True)
    after = np.load(f"{path}.npy")
    ours = np.concatenate([value[1].ravel() for value in population.weights.values()])
    np.testing.assert_allclose(ours, after, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(population.loss[1], captured.own_history["loss"], rtol=1e-5)


def test_a_model_from_memory_is_judged_by_its_initialisers():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(20, 3)), rng.normal(size=(20, 2))
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, name="old"),
                              keras.layers.Dense(2, name="new")])
    model.compile("sgd", "mse")
    assert not capture_model(model, x, y).recipe.architecture.kept
    model.get_layer("old").bias.assign(np.ones(4))
    assert len(capture_model(model, x, y).recipe.architecture.kept) == 2
    model.fit(x, y, verbose=0)
    captured = capture_model(model, x, y)
    assert not captured.recipe.architecture.kept
    assert any("begins with fresh weights" in note for note in captured.notes)
