"""Functions of Keras's that give a `tf.data.Dataset`, and so need TensorFlow in Keras itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from unstuck.base.errors import NotSupported

from . import draws
from .borrowed import installed, ours
from .dataset import Dataset
from .folders import image_dataset_from_directory, text_dataset_from_directory
from .sources import from_tensor_slices


def timeseries_dataset_from_array(
    data: Any, targets: Any, sequence_length: int, sequence_stride: int = 1, sampling_rate: int = 1,
    batch_size: int | None = 128, shuffle: bool = False, seed: int | None = None,
    start_index: int | None = None, end_index: int | None = None, **options: Any,
) -> Dataset:
    """Keras's function of that name: windows of a series, with what follows them."""
    series = np.asarray(data)
    first, last = start_index or 0, len(series) if end_index is None else end_index
    count = last - first - (sequence_length - 1) * sampling_rate
    count = count if targets is None else min(count, len(targets))
    starts = np.arange(0, count, sequence_stride)
    if shuffle:
        seed = draws.fresh_seed() % 1_000_000 if seed is None else seed
        np.random.RandomState(seed).shuffle(starts)
    within = np.arange(0, sequence_length * sampling_rate, sampling_rate)
    windows = series[first:last][starts[:, None] + within]
    follow = None if targets is None else np.asarray(targets)[first:last][starts]
    dataset = from_tensor_slices(windows if follow is None else (windows, follow))
    if shuffle:
        dataset = dataset.shuffle(1024 if batch_size is None else batch_size * 8, seed)
    return dataset if batch_size is None else dataset.batch(batch_size)


def _audio_dataset_from_directory(*args: Any, **kwargs: Any) -> Any:
    """Keras's function of that name, which reads sounds with TensorFlow, where that is installed."""
    if not installed():
        raise NotSupported(
            "keras.utils.audio_dataset_from_directory reads files with TensorFlow, which is not"
            " installed here. Install it, or read the files into arrays and pass fit(x, y).")
    found = keras.utils.audio_dataset_from_directory(*args, **kwargs)
    made = ours(found)
    if hasattr(found, "class_names"):
        made.class_names = found.class_names
    return made


def functions() -> dict[str, Callable[..., Any]]:
    """All of them by name."""
    return {"timeseries_dataset_from_array": timeseries_dataset_from_array,
            "image_dataset_from_directory": image_dataset_from_directory,
            "text_dataset_from_directory": text_dataset_from_directory,
            "audio_dataset_from_directory": _audio_dataset_from_directory}
