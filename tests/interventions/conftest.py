"""Keras on JAX for the tests of interventions."""

import os

os.environ.setdefault("KERAS_BACKEND", "jax")
