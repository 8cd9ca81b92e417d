"""Why isn't this network learning, and what is the smallest change that makes it learn?

`unstuck.diagnose(model, x, y, …)` answers from Python, `unstuck run train.py` from the shell.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from unstuck.capture import load_model as load_model
    from unstuck.diagnosis.diagnosis import Diagnosis as Diagnosis
    from unstuck.diagnosis.diagnosis import diagnose as diagnose
    from unstuck.diagnosis.encoder_decoder import encoder_decoder as encoder_decoder
    from unstuck.doors import torch as torch
    from unstuck.doors.callback import Callback as Callback
    from unstuck.doors.testing import assert_learns as assert_learns

_OURS = "UNSTUCK_SET_KERAS_BACKEND"
given_backend = None if _OURS in os.environ else os.environ.get("KERAS_BACKEND")
"""The backend that the user's environment names, this process's parents' included; else `None`."""
asked_backend = given_backend or "jax"
"""The backend that the environment asks for; replicas are trained with JAX in any case."""


def on_jax() -> None:
    """See that Keras will compute with JAX, where it is not imported yet: it reads this but once."""
    if "keras" not in sys.modules:
        if given_backend is None:
            os.environ[_OURS] = "1"
        os.environ["KERAS_BACKEND"] = "jax"


if asked_backend == "jax" and "tensorflow" not in sys.modules:
    on_jax()  # elsewhere an import of ours must not move the user's own training to JAX

__version__ = "0.1.0"
__all__ = ["Callback", "Diagnosis", "__version__", "assert_learns", "diagnose", "encoder_decoder",
           "load_model"]

_HOMES = {"Callback": "doors.callback", "Diagnosis": "diagnosis.diagnosis",
          "assert_learns": "doors.testing", "diagnose": "diagnosis.diagnosis",
          "encoder_decoder": "diagnosis.encoder_decoder", "load_model": "capture"}


def load_ipython_extension(shell: Any) -> None:
    """`%load_ext unstuck` in a notebook gives it `%%unstuck`."""
    on_jax()
    from unstuck.doors.notebook import load_ipython_extension as load

    load(shell)


def __getattr__(name: str) -> Any:
    # Keras and JAX take seconds to import; `unstuck --help` and `report` do without them.
    if name == "Callback":
        import keras

        if keras.backend.backend() != "jax":
            return importlib.import_module("unstuck.doors.other_backend").Callback
    if name == "torch":
        on_jax()
        if importlib.util.find_spec("torch") is None:
            raise ImportError("unstuck.torch needs PyTorch, which is not installed here. Install it"
                              " with pip install 'unstuck[torch]'.")
        return importlib.import_module("unstuck.doors.torch")
    if name in _HOMES:
        on_jax()
        return getattr(importlib.import_module(f"unstuck.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'unstuck' has no attribute {name!r}")
