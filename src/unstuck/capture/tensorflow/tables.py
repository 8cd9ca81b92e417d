"""Readers of text files that `tf.data` has: lines, and tables of columns."""

from __future__ import annotations

import csv
import glob
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from . import draws
from .dataset import UNKNOWN, Dataset
from .dtypes import named
from .files import path_of
from .sources import from_tensor_slices
from .structure import Element


def lines(filenames: Any, *args: Any, **options: Any) -> Dataset:
    """TensorFlow's `tf.data.TextLineDataset`."""
    names = [filenames] if isinstance(filenames, str | bytes) else list(filenames)

    def elements() -> Iterator[Element]:
        for name in names:
            with open(path_of(name), "rb") as stream:
                yield from (np.array(line.rstrip(b"\r\n"), object) for line in stream)

    return Dataset(elements, UNKNOWN)


def make_csv_dataset(
    file_pattern: Any, batch_size: int, column_names: Sequence[str] | None = None,
    column_defaults: Sequence[Any] | None = None, label_name: str | None = None,
    select_columns: Sequence[Any] | None = None, field_delim: str = ",",
    use_quote_delim: bool = True, na_value: str = "", header: bool = True,
    num_epochs: int | None = None, shuffle: bool = True, shuffle_buffer_size: int = 10000,
    shuffle_seed: int | None = None, *args: Any, **options: Any,
) -> Dataset:
    """TensorFlow's `tf.data.experimental.make_csv_dataset`: batches of columns, and of the label."""
    patterns = [file_pattern] if isinstance(file_pattern, str) else list(file_pattern)
    names, rows = list(column_names or ()), []
    for name in (found for pattern in patterns for found in sorted(glob.glob(path_of(pattern)))):
        with open(name, newline="") as stream:
            read = list(csv.reader(stream, delimiter=field_delim, quoting=csv.QUOTE_MINIMAL
                                   if use_quote_delim else csv.QUOTE_NONE))
        if header:
            names, read = names or read[0], read[1:]
        rows += [row for row in read if row]
    chosen = [names.index(one) if isinstance(one, str) else int(one) for one in (
        select_columns or range(len(names)))]
    defaults = list(column_defaults or [None] * len(chosen))
    columns: dict[str, Any] = {
        names[at]: _column([row[at] for row in rows], default, na_value)
        for at, default in zip(chosen, defaults, strict=True)}
    label = columns.pop(label_name) if label_name is not None else None
    dataset = from_tensor_slices(columns if label is None else (columns, label))
    if shuffle:
        dataset = dataset.shuffle(shuffle_buffer_size,
                                  draws.fresh_seed() if shuffle_seed is None else shuffle_seed)
    return dataset.repeat(num_epochs).batch(batch_size, drop_remainder=num_epochs is None)


def _column(values: list[str], default: Any, missing: str) -> Any:
    """The values of a column, in the kind of its default, or in the narrowest that they fit."""
    kind, instead = _kind(default)
    filled = [instead if value == missing else value for value in values]
    for tried in ("int32", "int64", "float32") if kind is None else (kind,):
        if tried == "string":
            break
        number = float if "float" in tried else int
        try:
            return np.array([0 if value is None else number(value) for value in filled], tried)
        except (ValueError, OverflowError):
            continue
    return np.array([b"" if value is None else str(value).encode() for value in filled], object)


def _kind(default: Any) -> tuple[str | None, Any]:
    """The kind of number that a default asks for, and what stands where a value is missing."""
    if default is None:
        return None, None
    if isinstance(default, list | tuple):
        default = default[0] if default else ""
    if isinstance(default, str) and default not in ("string", "float32", "float64", "int32", "int64"):
        return "string", default
    if isinstance(default, int | float) and not isinstance(default, bool):
        return ("int32" if isinstance(default, int) else "float32"), default
    kind = named(default)
    return (str(kind), None) if kind is not None else (None, None)


READERS: dict[str, Callable[..., Dataset]] = {
    "TextLineDataset": lines, "make_csv_dataset": make_csv_dataset}
"""All of them by name."""
