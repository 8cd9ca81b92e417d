"""What every test may use; Keras on JAX, and no test depends on the order of the others."""

from __future__ import annotations

import os

os.environ["KERAS_BACKEND"] = "jax"

from hypothesis import settings

settings.register_profile("fixed", derandomize=True, deadline=None)
settings.load_profile("fixed")
