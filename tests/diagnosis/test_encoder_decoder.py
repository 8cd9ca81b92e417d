"""Encoder and decoder as models of their own."""

from __future__ import annotations

import keras
import numpy as np
import pytest

import unstuck
from recipes import PATTERNS, dense, recipe
from unstuck.base.errors import NotSupported, UnstuckError
from unstuck.diagnosis.encoder_decoder import code_layer, encoder_decoder, export, halves
from unstuck.goal import make_goal


@keras.saving.register_keras_serializable()
class Sampling(keras.layers.Layer):
    """Stands for the sampling of a variational autoencoder."""

    def call(self, inputs):
        mean, other = inputs
        return mean + 0 * other


def variational():
    inputs = keras.Input((4,))
    hidden = keras.layers.Dense(8)(inputs)
    both = [keras.layers.Dense(2, name="mean")(hidden), keras.layers.Dense(2, name="other")(hidden)]
    code = Sampling(name="code")(both)
    model = keras.Model(inputs, keras.layers.Dense(4)(keras.layers.Dense(8)(code)))
    model.compile(loss="mse")
    return model


def test_the_halves_make_the_whole():
    model = dense(8, 3, 8, 6, inputs=6)
    encoder, decoder = encoder_decoder(model)
    x = np.random.default_rng(0).normal(size=(5, 6)).astype("float32")
    codes = encoder.predict(x, verbose=0)
    assert codes.shape == (5, 3)
    np.testing.assert_allclose(decoder.predict(codes, verbose=0), model.predict(x, verbose=0),
                               rtol=1e-5)


def test_the_code_of_a_variational_autoencoder_is_what_is_sampled():
    x = np.zeros((4, 4), "float32")
    assert code_layer(recipe(variational(), x, x)) == "code"
    encoder, _ = encoder_decoder(variational())
    assert encoder.output_shape == (None, 2)


def test_a_way_round_the_code_leaves_no_halves():
    inputs = keras.Input((4,))
    code = keras.layers.Dense(2)(inputs)
    model = keras.Model(inputs, keras.layers.Dense(4)(keras.layers.Concatenate()([inputs, code])))
    model.compile(loss="mse")
    x = np.zeros((4, 4), "float32")
    assert code_layer(recipe(model, x, x)) == "concatenate"
    with pytest.raises(NotSupported, match="cut at"):
        halves(model, model.layers[1].name)


def test_exported_halves_reproduce_the_patterns(tmp_path):
    x = np.tile(PATTERNS, (16, 1))
    model = dense(16, 2, 2, hidden="tanh", optimizer=keras.optimizers.Adam(0.03))
    given = recipe(model, x, x, batch_size=8, epochs=60)
    places = export(given, make_goal(given), tmp_path / "halves")
    assert [place.name for place in places] == ["encoder.keras", "decoder.keras"]
    encoder, decoder = (keras.models.load_model(place) for place in places)
    codes = encoder.predict(PATTERNS, verbose=0)
    assert codes.shape == (4, 2)
    assert (decoder.predict(codes, verbose=0).round() == PATTERNS).all()


def test_nothing_is_exported_where_nothing_learned(tmp_path):
    given = recipe(dense(4, 2, 2), np.tile(PATTERNS, (4, 1)), np.tile(PATTERNS, (4, 1)), epochs=1)
    with pytest.raises(UnstuckError, match="None of 8"):
        export(given, make_goal(given), tmp_path)


def test_halves_are_to_be_had_from_python():
    encoder, decoder = unstuck.encoder_decoder(dense(8, 3, 6, inputs=6))
    assert (encoder.name, decoder.name) == ("encoder", "decoder")
