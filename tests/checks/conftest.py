"""Keras on JAX for the tests of checks, with layers numbered anew in each test."""

import os

import pytest

os.environ.setdefault("KERAS_BACKEND", "jax")


@pytest.fixture(autouse=True)
def _numbered_from_zero() -> None:
    import keras

    keras.utils.clear_session(free_memory=False)
