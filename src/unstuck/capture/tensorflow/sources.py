"""What a `tf.data.Dataset` begins with: arrays, generators, numbers, other data sets."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from . import draws, steps
from .dataset import INFINITE, UNKNOWN, Dataset
from .dtypes import named
from .namespace import Lookup, Namespace
from .settings import Options
from .structure import Element, as_numpy, leaves, mapped, taken

AUTOTUNE = -1


def from_tensor_slices(tensors: Any, name: str | None = None) -> Dataset:
    """The rows of arrays.

    Raises:
        ValueError: the arrays are of different lengths.
    """
    arrays = mapped(as_numpy, _structure(tensors))
    lengths = {len(array) for array in leaves(arrays)}
    if len(lengths) != 1:
        raise ValueError(f"Dimensions {' and '.join(map(str, sorted(lengths)))} are not compatible")
    count = lengths.pop()
    return Dataset(lambda: (mapped(lambda a, at=at: a[at], arrays) for at in range(count)), count)


def _structure(tensors: Any) -> Any:
    """Data frames are dictionaries of columns to TensorFlow, and only as dictionaries."""
    if isinstance(tensors, dict):
        return {key: _structure(part) for key, part in tensors.items()}
    return tuple(map(_structure, tensors)) if type(tensors) is tuple else tensors


def from_tensors(tensors: Any, name: str | None = None) -> Dataset:
    """One element."""
    return Dataset(lambda: iter([mapped(as_numpy, tensors)]), 1)


def from_generator(generator: Callable[..., Any], output_types: Any = None, output_shapes: Any = None,
                   args: Sequence[Any] | None = None, output_signature: Any = None,
                   name: str | None = None) -> Dataset:
    """What a generator gives, in the kinds of numbers that were said."""
    signature = output_signature
    kinds = output_types if signature is None else mapped(lambda spec: spec.dtype, signature)

    def elements() -> Iterator[Element]:
        for element in generator(*map(as_numpy, args or ())):
            if isinstance(element, list) and isinstance(kinds, tuple):
                element = tuple(element)
            yield (mapped(as_numpy, taken(element)) if kinds is None
                   else mapped(_of_kind, element, kinds))

    return Dataset(elements, UNKNOWN)


def _of_kind(leaf: Any, dtype: Any) -> Any:
    kind = named(dtype)
    return as_numpy(leaf) if kind == "string" else np.asarray(as_numpy(leaf)).astype(kind)


def numbers(*args: Any, output_type: Any = "int64", name: str | None = None) -> Dataset:
    """TensorFlow's `Dataset.range`."""
    counted = range(*map(int, args))
    return Dataset(lambda: iter(np.arange(counted.start, counted.stop, counted.step).astype(
        named(output_type))), len(counted))


def zipped(*args: Any, datasets: Any = None, name: str | None = None) -> Dataset:
    """Elements of several data sets side by side, until the shortest ends."""
    whole = datasets if datasets is not None else args[0] if len(args) == 1 else args
    parts = list(leaves(whole))
    counts = [part._count for part in parts if part._count != INFINITE]
    count = INFINITE if not counts else UNKNOWN if UNKNOWN in counts else min(counts)

    def side_by_side() -> Iterator[Element]:
        for together in zip(*(part._iterate() for part in parts), strict=False):
            elements = iter(together)
            yield mapped(lambda _, elements=elements: next(elements), whole)

    return Dataset(side_by_side, count, batched=any(part._batched for part in parts))


def randoms(seed: Any = None, **options: Any) -> Dataset:
    """TensorFlow's `Dataset.random`: whole numbers without end."""
    first = draws.fresh_seed() if seed is None else int(seed)

    def drawn() -> Iterator[Element]:
        rng = np.random.default_rng(first)
        yield from (rng.integers(2**32) for _ in itertools.count())

    return Dataset(drawn, INFINITE)


def sample_from_datasets(datasets: Sequence[Dataset], weights: Any = None, seed: Any = None,
                         stop_on_empty_dataset: bool = False, **options: Any) -> Dataset:
    """Elements of one data set or another, as drawn."""
    first = draws.fresh_seed() if seed is None else int(seed)

    def sampled() -> Iterator[Element]:
        shares = np.ones(len(datasets)) if weights is None else np.array(as_numpy(weights), float)
        return steps.sampled([part._iterate() for part in datasets], shares,
                             np.random.default_rng(first), stop_on_empty_dataset)

    endless = all(part._count == INFINITE for part in datasets)
    return Dataset(sampled, INFINITE if endless else UNKNOWN)


def list_files(file_pattern: Any, shuffle: bool | None = True, seed: Any = None,
               name: str | None = None) -> Dataset:
    """TensorFlow's `Dataset.list_files`: the names that fit a pattern."""
    import glob

    patterns = [file_pattern] if isinstance(file_pattern, str) else list(file_pattern)
    names = sorted(itertools.chain.from_iterable(glob.glob(str(pattern)) for pattern in patterns))
    found = from_tensor_slices(np.array([name.encode() for name in names], object))
    return found.shuffle(max(1, len(names)), seed) if shuffle is not False else found


_CONSTRUCTORS: dict[str, Callable[..., Dataset]] = {
    "from_tensor_slices": from_tensor_slices, "from_tensors": from_tensors, "list_files": list_files,
    "from_generator": from_generator, "range": numbers, "zip": zipped, "random": randoms,
    "sample_from_datasets": sample_from_datasets,
}
for _name, _made in _CONSTRUCTORS.items():  # a class whose constructors stand in a file of their own
    setattr(Dataset, _name, staticmethod(_made))


def namespace(
    otherwise: Lookup | None, readers: Mapping[str, Callable[..., Dataset]],
) -> Namespace:
    """`tf.data`.

    Args:
        otherwise: asked for what it lacks.
        readers: what reads files, by name.
    """
    experimental: dict[str, Any] = {
        "AUTOTUNE": AUTOTUNE, "cardinality": lambda dataset: dataset.cardinality(),
        "INFINITE_CARDINALITY": INFINITE, "UNKNOWN_CARDINALITY": UNKNOWN,
        "assert_cardinality": lambda count: lambda dataset: Dataset(
            dataset._iterate, int(count), batched=dataset._batched),
        "ignore_errors": lambda **_: lambda dataset: dataset,
        "sample_from_datasets": sample_from_datasets, "prefetch_to_device":
        lambda *_, **__: lambda dataset: dataset,
        "unbatch": lambda: lambda dataset: dataset.unbatch(),
        "AutoShardPolicy": Options(), "DistributeOptions": Options, **readers,
    }
    return Namespace("tensorflow.data", {
        "Dataset": Dataset, "Options": Options, "AUTOTUNE": AUTOTUNE,
        "INFINITE_CARDINALITY": INFINITE, "UNKNOWN_CARDINALITY": UNKNOWN,
        "experimental": Namespace("tensorflow.data.experimental", experimental), **readers,
    }, otherwise)
