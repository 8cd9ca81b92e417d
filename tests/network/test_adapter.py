"""Every private name of Keras that we stand on, one by one, so that a new version says which broke."""

from __future__ import annotations

import importlib
import subprocess
import sys

import keras
import numpy as np
import pytest

from recipes import dense
from unstuck.network import adapter, backend

IMPORTED = {
    "keras.src.backend": ["compute_output_spec"],
    "keras.src.backend.common.global_state": ["GLOBAL_STATE_TRACKER", "GLOBAL_SETTINGS_TRACKER"],
    "keras.src.backend.jax.core": ["Variable"],
    "keras.src.backend.jax.rnn": ["cudnn_ok"],
    "keras.src.initializers.random_initializers": ["compute_fans"],
    "keras.src.models.functional": ["Functional"],
    "keras.src.optimizers.base_optimizer": ["BaseOptimizer"],
    "keras.src.saving.serialization_lib": ["SafeModeScope", "ObjectSharingScope"],
    "keras.src.trainers.data_adapters": [
        "is_tf_dataset", "is_torch_dataloader", "is_grain_dataset"],
    "keras.src.trainers.data_adapters.array_slicing": ["convert_to_sliceable"],
    "keras.src.trainers.data_adapters.data_adapter_utils": [
        "unpack_x_y_sample_weight", "class_weight_to_sample_weights"],
    "keras.src.trainers.data_adapters.array_data_adapter": ["ArrayDataAdapter", "can_convert_arrays"],
}


@pytest.mark.parametrize(("module", "name"), [(m, n) for m, names in IMPORTED.items() for n in names])
def test_imported_names(module, name):
    assert hasattr(importlib.import_module(module), name)


def fitted():
    model = dense(3, 2)
    model.compile(loss="mse", metrics=["mae"], weighted_metrics=["mse"])
    x = np.zeros((4, 2), "float32")
    model.fit(x, x, verbose=0)
    return model


@pytest.mark.parametrize("name", [
    "_functional", "_flatten_layers", "_call_has_training_arg", "_symbolic_build", "_compile_metrics",
    "_compile_loss", "_layers",
])
def test_names_of_a_model(name):
    assert hasattr(fitted(), name)


@pytest.mark.parametrize("name", ["_run_through_graph", "_nodes_by_depth", "_inputs_struct"])
def test_names_of_a_graph(name):
    assert hasattr(fitted()._functional, name)


@pytest.mark.parametrize("name", ["_initialize_with_initializer", "_initialize", "_shape", "_dtype"])
def test_names_of_a_variable(name):
    variable = fitted().weights[0]
    assert hasattr(variable, name)


@pytest.mark.parametrize(("part", "name"), [
    ("_compile_loss", "_user_loss_weights"), ("_compile_metrics", "_user_metrics"),
    ("_compile_metrics", "_user_weighted_metrics"),
])
def test_names_of_what_was_compiled(part, name):
    assert hasattr(getattr(fitted(), part), name)


def test_names_of_layers_and_tensors():
    layer = fitted().layers[0]
    assert layer._inbound_nodes
    assert layer.output._keras_history.operation is layer
    assert keras.layers.Dropout(0.5)._seed_generators


def test_private_names_mean_what_we_take_them_for():
    model = fitted()
    with adapter.recorded_initializers() as noted:
        made = keras.layers.Dense(2)
        made.build((None, 3))
    assert isinstance(noted[id(made.kernel)], keras.initializers.GlorotUniform)
    assert not np.asarray(made.kernel.value).any()
    assert adapter.compile_config(model)["metrics"] == ["mae"]
    assert adapter.is_functional(model._functional) and not adapter.is_functional(model)
    assert [layer.name for layer, _ in adapter.layer_outputs(model._functional)] == ["dense", "dense_1"]


def test_versions_outside_the_tested_range_are_told():
    assert backend.version_notes("3.13.1", "0.6.0") == ()
    assert backend.version_notes("3.15.9", "0.12.0.1") == ()
    assert backend.version_notes("3.16.0rc1", "0.13.0") == (
        "Keras 3.16.0rc1 is outside the range that unstuck is tested with (3.13.1 to 3.15).",
        "JAX 0.13.0 is outside the range that unstuck is tested with (0.6 to 0.12).")
    assert backend.numbers("nonsense") == ()


OLD = """\
import sys, types
keras = types.ModuleType("keras")
keras.__version__ = "{version}"
keras.backend = types.SimpleNamespace(backend=lambda: "jax")
keras.__path__ = []
sys.modules["keras"] = keras
import unstuck.network.adapter
"""


@pytest.mark.parametrize(("version", "said"), [
    ("3.12.0", "UnstuckError: Keras 3.12.0 is too old: unstuck needs 3.13.1 or newer"),
    ("3.99.0", "UnstuckError: Keras 3.99.0 lacks something that unstuck stands on"),
])
def test_a_keras_that_we_cannot_stand_on(version, said):
    done = subprocess.run([sys.executable, "-c", OLD.format(version=version)], capture_output=True,
                          text=True, check=False)
    assert said in done.stderr


def test_what_few_scripts_use_of_keras_is_loaded_when_it_is_used():
    """`keras.wrappers` imports scikit-learn, which takes as long as Keras itself."""
    told = subprocess.run(
        [sys.executable, "-c", "import sys, unstuck.network.adapter, unstuck.diagnosis.diagnosis;"
         "print('sklearn' in sys.modules, 'scipy.stats' in sys.modules); import keras;"
         "from keras.wrappers import SKLearnClassifier;"
         "print(SKLearnClassifier is keras.wrappers.SKLearnClassifier, 'sklearn' in sys.modules)"],
        capture_output=True, text=True, check=True).stdout.split()
    assert told == ["False", "False", "True", "True"]
