"""Keras on JAX for the tests of checks."""

import os

os.environ.setdefault("KERAS_BACKEND", "jax")
