"""The first import of everything that needs Keras: says what is wrong with the one there.

Raises:
    UnstuckError: on import, where Keras is older than what we stand on, or was imported before us
        with a backend other than JAX.
"""

from __future__ import annotations

import re

import keras

from unstuck.base.errors import UnstuckError

OLDEST = {"Keras": "3.13.1", "JAX": "0.6"}
"""The oldest versions that are tested; older ones of Keras load hostile models (RELIABILITY § 2)."""
NEWEST = {"Keras": "3.15", "JAX": "0.12"}
"""The newest that are tested, whatever follows their second number."""


def numbers(version: str) -> tuple[int, ...]:
    """The leading numbers of a version: "3.15.1rc0" gives (3, 15, 1)."""
    found = re.match(r"\d+(\.\d+)*", version)
    return tuple(int(part) for part in found[0].split(".")) if found else ()


def version_notes(keras_version: str, jax_version: str) -> tuple[str, ...]:
    """A note for each version outside the range that is tested."""
    notes = []
    for name, version in (("Keras", keras_version), ("JAX", jax_version)):
        seen = numbers(version)
        if seen < numbers(OLDEST[name]) or seen[:2] > numbers(NEWEST[name]):
            notes.append(f"{name} {version} is outside the range that unstuck is tested with"
                         f" ({OLDEST[name]} to {NEWEST[name]}).")
    return tuple(notes)


def unknown_keras(missing: str) -> UnstuckError:
    """What is said where a private corner of Keras that we stand on is gone."""
    return UnstuckError(
        f"Keras {keras.__version__} lacks something that unstuck stands on ({missing}). It is tested"
        f" with {OLDEST['Keras']} to {NEWEST['Keras']}: pip install"
        f" 'keras>={OLDEST['Keras']},<={NEWEST['Keras']}.99'"
    )


if numbers(getattr(keras, "__version__", "0")) < numbers(OLDEST["Keras"]) and (
        hasattr(keras, "__version__")):
    raise UnstuckError(
        f"Keras {keras.__version__} is too old: unstuck needs {OLDEST['Keras']} or newer, also because"
        " older ones can be made to run code by a model file. pip install -U keras"
    )

if keras.backend.backend() != "jax":
    raise UnstuckError(
        f"Keras has already been imported with the {keras.backend.backend()} backend, and unstuck"
        " trains with JAX. Set KERAS_BACKEND=jax before Keras is imported, or import"
        " unstuck first."
    )
