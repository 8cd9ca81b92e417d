"""Why isn't this network learning, and what is the smallest change that makes it learn?

`unstuck.diagnose(model, x, y, …)` answers from Python, `unstuck run train.py` from the shell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from unstuck.diagnosis import Diagnosis as Diagnosis
    from unstuck.diagnosis import diagnose as diagnose

__version__ = "0.1.0"
__all__ = ["Diagnosis", "__version__", "diagnose"]


def __getattr__(name: str) -> Any:
    # Keras and JAX take seconds to import; `unstuck --help` and `report` do without them.
    if name in ("Diagnosis", "diagnose"):
        from unstuck import diagnosis

        return getattr(diagnosis, name)
    raise AttributeError(f"module 'unstuck' has no attribute {name!r}")
