"""`image_dataset_from_directory` and `text_dataset_from_directory` without TensorFlow.

A folder for each class, the classes and files in the order of their names, shuffled and cut into parts
as Keras does; files are read when a pass comes to them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from unstuck.base.errors import BadData

from . import draws
from .dataset import Dataset
from .structure import Element

IMAGES = (".bmp", ".gif", ".jpeg", ".jpg", ".png")
TEXTS = (".txt",)


def image_dataset_from_directory(
    directory: Any, labels: Any = "inferred", label_mode: str | None = "int",
    class_names: Sequence[str] | None = None, color_mode: str = "rgb", batch_size: int | None = 32,
    image_size: Any = (256, 256), shuffle: bool = True, seed: int | None = None,
    validation_split: float | None = None, subset: str | None = None, interpolation: str = "bilinear",
    follow_links: bool = False, crop_to_aspect_ratio: bool = False, **options: Any,
) -> Any:
    """Keras's function of that name."""
    def read(path: Path) -> Any:
        image = keras.utils.load_img(
            path, color_mode=color_mode, target_size=tuple(map(int, image_size)),
            interpolation=interpolation, keep_aspect_ratio=crop_to_aspect_ratio)
        return keras.utils.img_to_array(image).astype("float32")

    return _read_in(directory, IMAGES, read, labels, label_mode, class_names, batch_size, shuffle, seed,
                    validation_split, subset)


def text_dataset_from_directory(
    directory: Any, labels: Any = "inferred", label_mode: str | None = "int",
    class_names: Sequence[str] | None = None, batch_size: int | None = 32,
    max_length: int | None = None, shuffle: bool = True, seed: int | None = None,
    validation_split: float | None = None, subset: str | None = None, **options: Any,
) -> Any:
    """Keras's function of that name."""
    def read(path: Path) -> Any:
        return np.array(path.read_bytes()[:max_length], object)

    return _read_in(directory, TEXTS, read, labels, label_mode, class_names, batch_size, shuffle, seed,
                    validation_split, subset)


def _read_in(
    directory: Any, endings: tuple[str, ...], read: Callable[[Path], Any], labels: Any,
    label_mode: str | None, class_names: Sequence[str] | None, batch_size: int | None, shuffle: bool,
    seed: int | None, share: float | None, subset: str | None,
) -> Any:
    folder = Path(directory)
    if not folder.is_dir():
        raise BadData(f"There is no folder {folder}, which is to be read for its files.")
    inferred = labels == "inferred" if isinstance(labels, str) else False
    classes = list(class_names or sorted(
        part.name for part in folder.iterdir() if part.is_dir())) if inferred else []
    places = [folder / name for name in classes] if inferred else [folder]
    found = [(path, at) for at, place in enumerate(places) for path in _files(place, endings)]
    if not found:
        raise BadData(f"The folder {folder} has no files that end in {', '.join(endings)}"
                      + (", in folders of their classes." if inferred else "."))
    numbers = [at for _, at in found] if inferred else list(labels or [0] * len(found))
    if shuffle:
        seed = draws.fresh_seed() % 1_000_000 if seed is None else seed
        order = np.random.RandomState(seed).permutation(len(found))
        found, numbers = [found[at] for at in order], [numbers[at] for at in order]
    if label_mode is None or labels is None:
        label_mode = None
    targets = _targets(np.array(numbers), label_mode, len(classes))
    held = int((share or 0) * len(found))
    parts = {"training": slice(0, len(found) - held), "validation": slice(len(found) - held, None)}
    wanted = [parts[name] for name in (("training", "validation") if subset == "both" else
                                       (subset,) if subset in parts else ())] or [slice(None)]
    made = []
    for part in wanted:
        paths = [path for path, _ in found[part]]
        dataset = _dataset(paths, None if targets is None else targets[part], read)
        if shuffle:
            dataset = dataset.shuffle((batch_size or 128) * 8, seed)
        if batch_size is not None:
            dataset = dataset.batch(batch_size)
        dataset.class_names, dataset.file_paths = classes, [str(path) for path in paths]
        made.append(dataset)
    return made if subset == "both" else made[0]


def _files(place: Path, endings: tuple[str, ...]) -> list[Path]:
    return sorted(path for path in place.rglob("*") if path.suffix.lower() in endings)


def _targets(numbers: np.ndarray, mode: str | None, classes: int) -> Any:
    if mode is None:
        return None
    if mode == "categorical":
        return np.eye(classes, dtype="float32")[numbers]
    return numbers.astype("float32")[:, None] if mode == "binary" else numbers.astype("int32")


def _dataset(paths: list[Path], targets: Any, read: Callable[[Path], Any]) -> Dataset:
    def elements() -> Iterator[Element]:
        for at, path in enumerate(paths):
            yield read(path) if targets is None else (read(path), targets[at])

    return Dataset(elements, len(paths))
