"""The first import of everything that needs Keras: says at once if it has another backend.

Raises:
    UnstuckError: on import, where Keras was imported before us with a backend other than JAX.
"""

from __future__ import annotations

import keras

from unstuck.errors import UnstuckError

if keras.backend.backend() != "jax":
    raise UnstuckError(
        f"Keras has already been imported with the {keras.backend.backend()} backend, and unstuck"
        " trains its replicas with JAX. Set KERAS_BACKEND=jax before Keras is imported, or import"
        " unstuck first."
    )
