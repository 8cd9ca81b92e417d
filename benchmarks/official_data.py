"""Made-up data in place of downloads, for as long as an official example runs (`official_one`).

The data sets that come as arrays have their true shapes and kinds of numbers, and their true numbers
of rows in scripts that count on them (FEW in others); files are those of `official_files`. Networks
that come trained begin with weights that were drawn.
"""

from __future__ import annotations

import builtins
import functools
import importlib
import importlib.machinery
import io
import os
import re
import shutil
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import keras
import numpy as np

from unstuck.capture.tensorflow import Dataset
from unstuck.capture.tensorflow.sources import from_tensor_slices

Pair = tuple[np.ndarray, np.ndarray]

MOVED = ("/Users/fchollet/Downloads/", "/101_ObjectCategories/", "/Annotations/", "/tmp/.keras/",
         "./datasets/", "datasets/LJSpeech")
"""Places at the root of the machine at which scripts look for their data, and one that would hide a
package of its name."""

FEW = 4000
"""Rows of a data set of Keras's, where a script does not name ten thousands."""
_COUNTS_ON_ROWS = re.compile(r"(?<![\d.])[1-6]0_?000(?!\d)")
TAKEN = 240
"""Rows of a data set of tensorflow_datasets, in each part."""


def moved(path: Any) -> Any:
    """Where a file lies that a script looks for at the root of the machine."""
    name = os.fspath(path) if isinstance(path, str | os.PathLike) else path
    if isinstance(name, str) and name.startswith(MOVED):
        found = _FOLDER / "root" / name.lstrip("./")
        return str(found if found.exists() else _FOLDER / Path(name).name)
    return path


_FOLDER = Path()


def put(source: str) -> None:
    """Put it in the place of what a script downloads; files are those of the working directory."""
    global _FOLDER
    _FOLDER = Path.cwd()
    _of_keras(None if _COUNTS_ON_ROWS.search(source) else FEW)
    _files()
    sys.modules["tensorflow_datasets"] = _tensorflow_datasets()
    sys.modules["gdown"] = _module("gdown", download=lambda url, output, **_: shutil.copy(
        _FOLDER / Path(output).name, output))
    for name, contents in _SHOWING.items():  # they only show something
        sys.modules[name] = _module(name, **contents)


_SHOWING: dict[str, dict[str, Any]] = {
    "tqdm": {"tqdm": lambda given=None, *_, **__: given},
    "ipywidgets": dict.fromkeys(("widgets", "Layout", "HBox")),
    "imageio": {}, "IPython": {
        "get_ipython": lambda: None, "version_info": (9, 0)}, "IPython.display": {
        name: lambda *_, **__: None for name in ("display", "Image", "Audio", "HTML", "clear_output")},
}


def _module(name: str, **contents: Any) -> ModuleType:
    made = ModuleType(name)
    made.__spec__ = importlib.machinery.ModuleSpec(name, None)
    vars(made).update(contents)
    return made


def _pictures(rows: int, shape: tuple[int, ...], classes: int, of: np.random.Generator,
              column: bool) -> Pair:
    labels = of.integers(0, classes, (rows, 1) if column else (rows,)).astype("uint8")
    return of.integers(0, 256, (rows, *shape), dtype="uint8"), labels


def _picture_set(
    shape: tuple[int, ...], classes: int, train: int, test: int, column: bool = False
) -> Callable[..., tuple[Pair, Pair]]:
    def load_data(*args: Any, **options: Any) -> tuple[Pair, Pair]:
        of = np.random.default_rng(1)
        train_rows, test_rows = (_pictures(rows, shape, classes, of, column) for rows in (train, test))
        return train_rows, test_rows

    return load_data


def _texts(train: int, test: int, classes: int) -> Callable[..., tuple[Pair, Pair]]:
    """Lists of word numbers, as `imdb` and `reuters` have them."""
    def load_data(path: str = "", num_words: int | None = None, **options: Any) -> tuple[Pair, Pair]:
        of, most = np.random.default_rng(2), num_words or 20000

        def part(rows: int) -> Pair:
            lengths = of.integers(20, 240, rows)
            made = np.empty(rows, object)
            for n, length in enumerate(lengths):
                made[n] = of.integers(1, most, length).tolist()
            return made, of.integers(0, classes, rows)

        return part(train), part(test)

    return load_data


def _houses(*args: Any, **options: Any) -> tuple[Pair, Pair]:
    of = np.random.default_rng(3)
    return ((of.normal(size=(404, 13)), of.normal(22, 9, 404)),
            (of.normal(size=(102, 13)), of.normal(22, 9, 102)))


def _of_keras(most: int | None) -> None:
    def rows(train: int, test: int) -> tuple[int, int]:
        return min(train, most or train), min(test, most or test)

    sets: dict[str, Callable[..., Any]] = {
        "mnist": _picture_set((28, 28), 10, *rows(60000, 10000)),
        "fashion_mnist": _picture_set((28, 28), 10, *rows(60000, 10000)),
        "cifar10": _picture_set((32, 32, 3), 10, *rows(50000, 10000), True),
        "cifar100": _picture_set((32, 32, 3), 100, *rows(50000, 10000), True),
        "imdb": _texts(*rows(25000, 25000), 2), "reuters": _texts(*rows(8982, 2246), 46),
        "boston_housing": _houses}
    for name, load_data in sets.items():
        getattr(keras.datasets, name).load_data = load_data
        importlib.import_module(f"keras.src.datasets.{name}").load_data = load_data
    keras.datasets.imdb.get_word_index = lambda *_, **__: {f"word{n}": n for n in range(1, 20001)}
    keras.datasets.reuters.get_word_index = keras.datasets.imdb.get_word_index
    for module in _modules(keras.applications):
        for name, value in list(vars(module).items()):
            if callable(value) and name[:1].isupper():
                setattr(module, name, _drawn(value))


def _modules(package: ModuleType) -> Iterator[ModuleType]:
    yield package
    yield from (part for part in vars(package).values() if isinstance(part, ModuleType))


def _drawn(network: Callable[..., Any]) -> Callable[..., Any]:
    """A network of `keras.applications` without a download."""
    @functools.wraps(network)
    def made(*args: Any, **kwargs: Any) -> Any:
        args = tuple(None if arg == "imagenet" else arg for arg in args)
        return network(*args, **{**kwargs, "weights": None})

    return made


def _files() -> None:
    def get_file(fname: Any = None, origin: Any = None, *args: Any, **options: Any) -> str:
        name = Path(str(fname or origin)).name
        found = _FOLDER / name
        if not found.exists() and (_FOLDER / Path(str(origin)).name).exists():
            found = _FOLDER / Path(str(origin)).name
        if not found.exists():
            if Path(name).suffix.lower() in (".jpg", ".png"):
                shutil.copy(_FOLDER / "photograph.jpg", found)
            elif not Path(name).suffix:
                return str(_FOLDER)  # a folder that an archive was taken apart to
            else:
                found.write_bytes(b"")
        return str(found)

    keras.utils.get_file = importlib.import_module("keras.src.utils.file_utils").get_file = get_file
    for name in ("open", "listdir", "stat", "lstat", "scandir"):
        setattr(os, name, _moving(getattr(os, name)))
    builtins.open = io.open = _moving(builtins.open)  # type: ignore[assignment]
    os.system = lambda command: 0
    shutil.unpack_archive = lambda *args, **options: None
    urllib.request.urlretrieve = lambda url, filename=None, **_: (filename, None)  # type: ignore
    pandas = importlib.import_module("pandas")
    pandas.read_csv = _beside(pandas.read_csv)
    np.loadtxt = _moving(_beside(np.loadtxt))


def _moving(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def called(path: Any = ".", *args: Any, **kwargs: Any) -> Any:
        return function(moved(path), *args, **kwargs)

    return called


def _beside(reading: Callable[..., Any]) -> Callable[..., Any]:
    """A reader that looks for what an address names in the folder."""
    @functools.wraps(reading)
    def read(source: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(source, str) and "://" in source:
            source = _FOLDER / source.rpartition("/")[2]
        return reading(source, *args, **kwargs)

    return read


def _tensorflow_datasets() -> ModuleType:
    shapes = {
        "tf_flowers": ((80, 60, 3), 5), "cats_vs_dogs": ((80, 60, 3), 2), "stl10": ((96, 96, 3), 10),
        "omniglot": ((105, 105, 3), 100), "stanford_dogs": ((80, 60, 3), 120),
        "horses_or_humans": ((300, 300, 3), 2), "oxford_flowers102": ((80, 60, 3), 102),
        "cycle_gan/horse2zebra": ((96, 96, 3), 2)}

    def one(name: str, supervised: bool) -> Dataset:
        shape, classes = shapes[name]
        of = np.random.default_rng(4)
        images = of.integers(0, 256, (TAKEN, *shape), dtype="uint8")
        labels = of.integers(0, classes, TAKEN)
        rows = (images, labels) if supervised else {"image": images, "label": labels}
        return from_tensor_slices(rows)

    def load(name: str, split: Any = None, as_supervised: bool = False, with_info: bool = False,
             **options: Any) -> Any:
        parts = ["train", "test"] if split is None else split
        made: Any = one(name, as_supervised) if isinstance(parts, str) else type(parts)(
            one(name, as_supervised) for _ in parts)
        if split is None:
            made = {part: one(name, as_supervised) for part in ("train", "test", "trainA", "trainB",
                                                                "testA", "testB")}
        shape, classes = shapes[name]
        label = _module("label", num_classes=classes, names=[f"class{n}" for n in range(classes)],
                        int2str=lambda n: f"class-{n}")
        info = _module(
            "info", features={"image": _module("image", shape=shape), "label": label},
            splits={part: _module("split", num_examples=TAKEN) for part in ("train", "test")})
        return (made, info) if with_info else made

    return _module("tensorflow_datasets", load=load, disable_progress_bar=lambda: None,
                   as_numpy=lambda dataset: dataset,
                   Split=_module("Split", TRAIN="train", TEST="test", VALIDATION="validation"))
