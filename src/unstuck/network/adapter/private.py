"""What we import from the inside of Keras, `keras.src`, in one place.

Only `installed.old_preprocessing` imports more from there, and only when it is asked to.

Raises:
    UnstuckError: on import, where the Keras that is installed lacks one of these names.
"""

from __future__ import annotations

import importlib
from typing import Any

from .. import backend  # before any private corner of Keras is looked into

# isort: split
try:
    from keras.src.backend import compute_output_spec as model_output_spec
    from keras.src.backend import numpy as backend_numpy
    from keras.src.backend.common import global_state
    from keras.src.backend.common.stateless_scope import get_stateless_scope, in_stateless_scope
    from keras.src.backend.common.symbolic_scope import in_symbolic_scope
    from keras.src.backend.config import keras_home
    from keras.src.backend.jax.core import Variable as JaxVariable
    from keras.src.initializers.random_initializers import compute_fans
    from keras.src.models.functional import Functional
    from keras.src.optimizers.base_optimizer import BaseOptimizer
    from keras.src.random import seed_generator
    from keras.src.saving import serialization_lib
    from keras.src.trainers import data_adapters
    from keras.src.trainers.data_adapters import array_slicing, data_adapter_utils
    from keras.src.trainers.data_adapters.array_data_adapter import (
        ArrayDataAdapter,
        can_convert_arrays,
    )

    # The package has a function of that name too.
    backend_rnn: Any = importlib.import_module("keras.src.backend.jax.rnn")
except ImportError as error:
    raise backend.unknown_keras(str(error)) from error

__all__ = ["ArrayDataAdapter", "BaseOptimizer", "Functional", "JaxVariable", "array_slicing",
           "backend_numpy", "backend_rnn", "can_convert_arrays", "compute_fans", "data_adapter_utils",
           "data_adapters", "get_stateless_scope", "global_state", "in_stateless_scope",
           "in_symbolic_scope", "keras_home", "model_output_spec", "seed_generator",
           "serialization_lib"]
