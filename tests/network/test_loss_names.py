"""Which losses are the same function, however they are given."""

from __future__ import annotations

import keras
import pytest

from unstuck.network.loss_names import signature_of


@pytest.mark.parametrize(("given", "same"), [
    ("binary_crossentropy", keras.losses.BinaryCrossentropy()),
    (keras.losses.mean_squared_error, keras.losses.MeanSquaredError()),
    (keras.losses.Huber(), keras.losses.Huber(delta=1.0)),
    ("kl_divergence", keras.losses.KLDivergence()),
])
def test_a_name_a_function_and_an_object_are_the_same(given, same):
    assert signature_of(given) == signature_of(same)


@pytest.mark.parametrize(("one", "other"), [
    ("binary_crossentropy", keras.losses.BinaryCrossentropy(from_logits=True)),
    (keras.losses.Huber(), keras.losses.Huber(delta=2.0)),
    (keras.losses.MeanSquaredError(), keras.losses.MeanSquaredError(reduction="sum")),
    (lambda y, z: y - z, lambda y, z: y - z),
])
def test_what_computes_something_else_is_another(one, other):
    assert signature_of(one) != signature_of(other)
