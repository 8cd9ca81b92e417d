"""Why isn't this network learning, and what is the smallest change that makes it learn?

`unstuck.diagnose(model, x, y, …)` answers from Python, `unstuck run train.py` from the shell.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from unstuck.diagnosis import Diagnosis as Diagnosis
    from unstuck.diagnosis import diagnose as diagnose
    from unstuck.halves import encoder_decoder as encoder_decoder

asked_backend = os.environ.get("KERAS_BACKEND", "jax")
"""The backend that the environment asked for; the replicas are trained with JAX in any case."""
if "keras" not in sys.modules:
    # Keras reads its backend when it is first imported.
    os.environ["KERAS_BACKEND"] = "jax"

__version__ = "0.1.0"
__all__ = ["Diagnosis", "__version__", "diagnose", "encoder_decoder"]


def __getattr__(name: str) -> Any:
    # Keras and JAX take seconds to import; `unstuck --help` and `report` do without them.
    if name in ("Diagnosis", "diagnose"):
        from unstuck import diagnosis

        return getattr(diagnosis, name)
    if name == "encoder_decoder":
        from unstuck import halves

        return halves.encoder_decoder
    raise AttributeError(f"module 'unstuck' has no attribute {name!r}")
