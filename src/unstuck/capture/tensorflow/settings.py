"""Parts of TensorFlow that set it up, look at it or write about it: nothing depends on them here."""

from __future__ import annotations

import contextlib
import logging as python_logging
import sys
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
from keras import ops

from .dtypes import named
from .namespace import Namespace

_LISTS = ("list_physical_devices", "list_logical_devices", "get_visible_devices")
_SWITCHES = (
    "set_memory_growth", "set_virtual_device_configuration", "enable_tensor_float_32_execution",
    "set_visible_devices", "set_logical_device_configuration", "run_functions_eagerly",
    "set_soft_device_placement", "experimental_run_functions_eagerly", "enable_op_determinism",
    "experimental_connect_to_cluster", "VirtualDeviceConfiguration", "LogicalDeviceConfiguration")
_STRATEGIES = (
    "MirroredStrategy", "MultiWorkerMirroredStrategy", "OneDeviceStrategy", "TPUStrategy",
    "ParameterServerStrategy", "CentralStorageStrategy", "get_strategy")


def nothing(*args: Any, **kwargs: Any) -> None:
    """A setting of TensorFlow's that changes nothing here."""


def none(*args: Any, **kwargs: Any) -> list[Any]:
    """An empty list: there is no device of that kind, as far as the script need know."""
    return []


@contextlib.contextmanager
def around(*args: Any, **kwargs: Any) -> Iterator[None]:
    """What is done within is done as it would be without: `tf.device`, `tf.name_scope` and such."""
    yield


class Strategy:
    """TensorFlow's way to share the work of a training among devices; here there is one."""

    num_replicas_in_sync = 1
    extended = None

    def scope(self) -> contextlib.AbstractContextManager[None]:
        """What is made within is made as usual."""
        return around()

    def run(self, fn: Any, args: Any = (), kwargs: Any = None, options: Any = None) -> Any:
        """The function's own result."""
        return fn(*args, **(kwargs or {}))

    def reduce(self, reduce_op: Any, value: Any, axis: Any = None) -> Any:
        """The one device's value."""
        return value if axis is None else ops.mean(value, axis=axis)

    def experimental_distribute_dataset(self, dataset: Any, options: Any = None) -> Any:
        """The data set itself."""
        return dataset


class Options:
    """Settings of TensorFlow's that change nothing here, whatever they are."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        value = Options()
        object.__setattr__(self, name, value)
        return value


def _checked(holds: Any) -> Any:
    """An assertion that looks where there are numbers, and says nothing inside a network."""
    def asserted(x: Any, y: Any = None, *args: Any, message: Any = None, **options: Any) -> None:
        values = [x] if y is None else [x, y]
        try:
            arrays = [np.asarray(value) for value in values]
        except Exception:  # a tensor inside a network has no numbers yet
            return
        if not np.all(holds(*arrays)):
            raise AssertionError(message or f"tf.debugging: {holds.__name__} does not hold")

    return asserted


def _finite(x: Any, message: Any = "", name: str | None = None) -> Any:
    return x


def _printed(*inputs: Any, output_stream: Any = None, end: str = "\n", sep: str = " ",
             **options: Any) -> None:
    said = sep.join(map(str, inputs)) + end
    (output_stream if hasattr(output_stream, "write") else sys.stderr).write(said)


def _logger() -> Any:
    return python_logging.getLogger("tensorflow")


def namespaces(note: Callable[[str], None]) -> dict[str, Namespace]:
    """`tf.config`, `tf.distribute`, `tf.debugging` and the like, by name.

    Args:
        note: told what the user should know of how such a setting is met here.
    """
    def strategy(*args: Any, **options: Any) -> Strategy:
        note("tf.distribute shares a training among devices; here one device trains all of it.")
        return Strategy()

    logs: dict[str, Any] = {
        "ERROR": 40, "WARN": 30, "WARNING": 30, "INFO": 20, "DEBUG": 10, "FATAL": 50,
        **dict.fromkeys(("set_verbosity", "info", "warning", "warn", "error", "debug"), nothing)}
    devices = {**dict.fromkeys(_LISTS, none), **dict.fromkeys(_SWITCHES, nothing)}
    strategies = {"Strategy": Strategy, **dict.fromkeys(_STRATEGIES, strategy)}
    threads = dict.fromkeys((f"set_{which}_op_parallelism_threads" for which in ("inter", "intra")),
                            nothing)
    compare = {
        "equal": np.equal, "less": np.less, "less_equal": np.less_equal, "greater": np.greater,
        "greater_equal": np.greater_equal, "none_equal": np.not_equal}
    debugging = {
        **{f"assert_{name}": _checked(holds) for name, holds in compare.items()},
        "assert_near": _checked(np.isclose), "Assert": nothing,
        "assert_all_finite": _finite, "check_numerics": _finite,
        **{f"assert_{name}": nothing for name in (
            "rank", "shapes", "type", "non_negative", "positive", "negative", "integer", "scalar")},
        "enable_check_numerics": nothing, "disable_check_numerics": nothing,
        "set_log_device_placement": nothing}
    summary = dict.fromkeys(("scalar", "image", "histogram", "text", "audio", "flush"), nothing)
    return {
        "config": Namespace("tensorflow.config", {
            **devices, "threading": Namespace("tensorflow.config.threading", threads),
            "optimizer": Namespace("tensorflow.config.optimizer", {
                "set_jit": nothing, "set_experimental_options": nothing}),
            "experimental": Namespace("tensorflow.config.experimental", devices)}),
        "distribute": Namespace("tensorflow.distribute", {
            **strategies, "has_strategy": lambda: False,
            "ReduceOp": Namespace("tensorflow.distribute.ReduceOp", {"SUM": "sum", "MEAN": "mean"}),
            "experimental": Namespace("tensorflow.distribute.experimental", strategies)}),
        "debugging": Namespace("tensorflow.debugging", debugging),
        "logging": Namespace("tensorflow.logging", logs),
        "summary": Namespace("tensorflow.summary", {
            **summary, "create_file_writer": lambda *_, **__: Namespace(
                "tensorflow.summary.writer", {"as_default": around, "set_as_default": nothing,
                                              "flush": nothing, "close": nothing})}),
        "test": Namespace("tensorflow.test", {
            "is_gpu_available": lambda *_, **__: False, "gpu_device_name": lambda: "",
            "is_built_with_cuda": lambda: False}),
        "autograph": Namespace("tensorflow.autograph", {
            "set_verbosity": nothing, "experimental": Namespace(
                "tensorflow.autograph.experimental", {"do_not_convert": lambda func=None: func})}),
        "profiler": Namespace("tensorflow.profiler", {"experimental": Namespace(
            "tensorflow.profiler.experimental", {"start": nothing, "stop": nothing})}),
    }


def functions() -> dict[str, Any]:
    """What stands in `tf` itself."""
    return {
        "device": around, "name_scope": around, "control_dependencies": around,
        "init_scope": around, "variable_scope": around, "print": _printed,
        "executing_eagerly": lambda: True, "get_logger": _logger, "Assert": nothing,
        "get_static_value": lambda tensor, partial=False: np.asarray(tensor),
        "is_tensor": keras.ops.is_tensor, "as_string": lambda input, **_: np.asarray(input).astype(str),
        "as_dtype": named, "random_uniform_initializer": keras.initializers.RandomUniform,
        "random_normal_initializer": keras.initializers.RandomNormal,
        "zeros_initializer": keras.initializers.Zeros, "ones_initializer": keras.initializers.Ones,
        "constant_initializer": keras.initializers.Constant, "no_gradient": nothing,
    }


def of_tensorflow_1() -> dict[str, Any]:
    """What `tf.compat.v1` has, too: switches between the two times."""
    return dict.fromkeys((*(f"{what}_{which}" for what in ("enable", "disable") for which in (
        "eager_execution", "v2_behavior", "resource_variables", "control_flow_v2")),
        "reset_default_graph"), nothing)
