"""What every test may use; Keras on JAX, and no test depends on the order of the others."""

from __future__ import annotations

import os
import tempfile

os.environ["KERAS_BACKEND"] = "jax"

# Journals and fault reports of tests go where no user has any.
os.environ["XDG_CACHE_HOME"] = tempfile.mkdtemp(prefix="unstuck-tests-")

from hypothesis import settings

settings.register_profile("fixed", derandomize=True, deadline=None)
settings.load_profile("fixed")
