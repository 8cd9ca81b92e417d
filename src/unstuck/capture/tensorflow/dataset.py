"""`tf.data.Dataset` without TensorFlow: chains of iterators over arrays, whose functions run eagerly.

Each step of a chain can begin anew as often as asked, as TensorFlow's can. Keras trains on one as on a
PyDataset that is asked for its batches in order; `sources` has what a chain begins with.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import keras
import numpy as np

from unstuck.base.errors import NotSupported

from . import draws, steps
from .settings import Options
from .structure import Element, as_numpy, given, mapped, rows_of, stacked
from .tensors import TensorSpec, tensor_of

INFINITE, UNKNOWN = -1, -2
"""How long a data set is where that is no number, as TensorFlow says it."""
_MISSING = frozenset({
    "bucket_by_sequence_length", "choose_from_datasets", "dense_to_ragged_batch",
    "dense_to_sparse_batch", "fingerprint", "group_by_window", "load", "prefetch_to_device",
    "ragged_batch", "rejection_resample", "save", "scan", "sparse_batch", "unique",
})
"""Methods of TensorFlow's that this has not."""

Iterate = Callable[[], Iterator[Element]]


class Dataset(keras.utils.PyDataset):  # type: ignore[misc]
    """A chain of steps that give elements, which `fit` and loops take.

    Args:
        iterate: begins a pass.
        count: how many elements a pass has.
        batched: whether elements are batches, the last of which may be shorter.
    """

    unstuck_kind = "a tf.data.Dataset"
    class_names: list[str]
    file_paths: list[str]

    def __init__(self, iterate: Iterate, count: int, *, batched: bool = False) -> None:
        super().__init__()
        self._iterate, self._count, self._batched = iterate, count, batched
        self._running: Iterator[Element] | None = None

    def __getattr__(self, name: str) -> Any:
        if name not in _MISSING:
            raise AttributeError(f"'Dataset' object has no attribute {name!r}", name=name, obj=self)
        raise NotSupported(
            f"tf.data.Dataset.{name} is not among the methods that unstuck knows. Write this step with"
            " map, filter, batch and the like, or collect the rows into arrays and pass fit(x, y).")

    def __deepcopy__(self, memo: Any) -> Dataset:
        return Dataset(self._iterate, self._count, batched=self._batched)

    # As Python sees it.

    def __iter__(self) -> Iterator[Element]:
        return (mapped(given, element) for element in self._iterate())

    def __bool__(self) -> bool:
        return True

    def __len__(self) -> int:
        if self._count < 0:
            raise TypeError(f"The dataset is {'infinite' if self._count == INFINITE else 'unsized'}.")
        return self._count

    def as_numpy_iterator(self) -> Iterator[Element]:
        """The elements as numpy's arrays."""
        return (mapped(as_numpy, element) for element in self._iterate())

    def as_array(self) -> Any:
        """All elements as one array, as `adapt` takes them: those with several axes are batches."""
        parts = list(self.as_numpy_iterator())
        rows = not self._batched and np.ndim(parts[0]) < 2
        return np.stack(parts) if rows else np.concatenate(parts)

    def cardinality(self) -> Any:
        """How many elements there are; -1 without end, -2 where nobody knows."""
        return tensor_of(self._count)

    @property
    def element_spec(self) -> Any:
        """The shapes and kinds of an element's arrays."""
        element = next(self.as_numpy_iterator(), ())
        return mapped(lambda a: TensorSpec(
            (None, *a.shape[1:]) if self._batched else a.shape,
            "string" if a.dtype.kind in "OSU" else a.dtype), element)

    # As Keras sees it: a PyDataset whose batches are asked for in their order.

    @property
    def num_batches(self) -> int | None:
        """How many batches a pass has; `None` without end."""
        if self._count == UNKNOWN:
            self._count = sum(1 for _ in self._iterate())
        return None if self._count == INFINITE else self._count

    def __getitem__(self, index: int) -> Element:
        """The next batch, whichever is asked for: TensorFlow's have no numbers."""
        if self._running is None:
            self._running = self.as_numpy_iterator()
        try:
            return next(self._running)
        except StopIteration:
            self._running = self.as_numpy_iterator()
            return next(self._running)

    # Steps.

    def map(self, map_func: Callable[..., Any], num_parallel_calls: Any = None,
            **options: Any) -> Dataset:
        """Each element, as a function makes it."""
        return self._then(lambda: map(steps.applied(map_func), self._iterate()), batched=self._batched)

    def filter(self, predicate: Callable[..., Any], name: str | None = None) -> Dataset:
        """The elements of which something holds."""
        holds = steps.applied(predicate)
        return self._then(lambda: (e for e in self._iterate() if bool(holds(e))), UNKNOWN)

    def batch(self, batch_size: Any, drop_remainder: bool = False, *args: Any,
              **options: Any) -> Dataset:
        """So many elements as one."""
        size = int(batch_size)
        if size < 1:
            raise ValueError(f"batch_size must be 1 or more, not {size}.")
        return self._grouped(lambda: steps.batched(self._iterate(), size, drop_remainder), size,
                             drop_remainder)

    def padded_batch(self, batch_size: Any, padded_shapes: Any = None, padding_values: Any = None,
                     drop_remainder: bool = False, name: str | None = None) -> Dataset:
        """As `batch`, with zeros behind shorter elements."""
        size = int(batch_size)
        return self._grouped(lambda: (
            stacked(steps.padded(part, padded_shapes, padding_values))
            for part in steps.groups(self._iterate(), size, drop_remainder)), size, drop_remainder)

    def unbatch(self, name: str | None = None) -> Dataset:
        """The rows of each element, one by one."""
        def rows() -> Iterator[Element]:
            for element in self.as_numpy_iterator():
                for at in range(rows_of(element)):
                    yield mapped(lambda a, at=at: a[at], element)

        return self._then(rows, UNKNOWN)

    def rebatch(self, batch_size: Any, drop_remainder: bool = False,
                name: str | None = None) -> Dataset:
        """The rows in batches of another size."""
        return self.unbatch().batch(batch_size, drop_remainder)

    def shuffle(self, buffer_size: Any, seed: Any = None, reshuffle_each_iteration: bool | None = True,
                name: str | None = None) -> Dataset:
        """In another order, drawn from so many elements at a time; another one in each pass."""
        seed = draws.fresh_seed() if seed is None else int(seed)
        running = np.random.default_rng(seed)
        size = int(buffer_size) if int(buffer_size) > 0 else 1 << 62

        def shuffled() -> Iterator[Element]:
            rng = np.random.default_rng(seed) if reshuffle_each_iteration is False else running
            return steps.shuffled(self._iterate(), size, rng)

        return self._then(shuffled, batched=self._batched)

    def repeat(self, count: Any = None, name: str | None = None) -> Dataset:
        """The passes one after the other: so many, or without end."""
        times = None if count is None or int(count) < 0 else int(count)
        length = INFINITE if times is None and self._count else self._counted(
            lambda n: n * (times or 0))
        return self._then(lambda: steps.repeated(self._iterate, times), length, batched=self._batched)

    def take(self, count: Any, name: str | None = None) -> Dataset:
        """The first so many."""
        most = int(count)
        if most < 0:
            return self
        length = most if self._count == INFINITE else self._counted(lambda n: min(n, most))
        return self._then(lambda: itertools.islice(self._iterate(), most), length,
                          batched=self._batched)

    def skip(self, count: Any, name: str | None = None) -> Dataset:
        """All but the first so many."""
        few = int(count)
        return self._then(lambda: itertools.islice(self._iterate(), few, None),
                          self._counted(lambda n: max(0, n - few)), batched=self._batched)

    def take_while(self, predicate: Callable[..., Any], name: str | None = None) -> Dataset:
        """Those before the first of which something does not hold."""
        holds = steps.applied(predicate)
        return self._then(lambda: itertools.takewhile(
            lambda e: bool(holds(e)), self._iterate()), UNKNOWN)

    def shard(self, num_shards: Any, index: Any, name: str | None = None) -> Dataset:
        """One of so many, from a place on."""
        step, first = int(num_shards), int(index)
        return self._then(lambda: itertools.islice(self._iterate(), first, None, step),
                          self._counted(lambda n: len(range(first, n, step))))

    def cache(self, filename: str = "", name: str | None = None) -> Dataset:
        """The elements of the first whole pass, kept."""
        kept: list[Element] = []
        whole = False

        def cached() -> Iterator[Element]:
            nonlocal whole
            if whole:
                yield from kept
                return
            mine = []
            for element in self._iterate():
                mine.append(element)
                yield element
            kept[:], whole = mine, True

        return self._then(cached, batched=self._batched)

    def prefetch(self, buffer_size: Any = None, name: str | None = None) -> Dataset:
        """Itself: when elements are made changes nothing."""
        return self

    with_options = snapshot = ignore_errors = prefetch

    def options(self) -> Any:
        """Settings that change nothing here."""
        return Options()

    def apply(self, transformation_func: Callable[[Dataset], Dataset]) -> Dataset:
        """What a function makes of it."""
        return transformation_func(self)

    def enumerate(self, start: Any = 0, name: str | None = None) -> Dataset:
        """Each with its number before it."""
        return self._then(lambda: ((np.int64(n), e) for n, e in enumerate(self._iterate(), int(start))),
                          batched=self._batched)

    def concatenate(self, dataset: Dataset, name: str | None = None) -> Dataset:
        """This one, and then another."""
        counts = self._count, dataset._count
        length = INFINITE if INFINITE in counts else UNKNOWN if UNKNOWN in counts else sum(counts)
        return self._then(lambda: itertools.chain(self._iterate(), dataset._iterate()), length,
                          batched=self._batched or dataset._batched)

    def window(self, size: Any, shift: Any = None, stride: Any = 1, drop_remainder: bool = False,
               name: str | None = None) -> Dataset:
        """Data sets of so many neighbours each."""
        step = int(size if shift is None else shift)
        return self._then(lambda: (_transposed(part) for part in steps.windows(
            self.as_numpy_iterator(), int(size), step, int(stride), drop_remainder)), UNKNOWN)

    def flat_map(self, map_func: Callable[..., Any], name: str | None = None) -> Dataset:
        """The elements of the data sets that a function makes of each element, one after the other."""
        made = steps.applied(map_func)
        return self._then(lambda: itertools.chain.from_iterable(
            made(element)._iterate() for element in self._iterate()), UNKNOWN)

    def interleave(self, map_func: Callable[..., Any], cycle_length: Any = None,
                   block_length: Any = 1, *args: Any, **options: Any) -> Dataset:
        """As `flat_map`, some of the data sets in turn."""
        made, wide = steps.applied(map_func), int(cycle_length or 1)
        return self._then(lambda: steps.in_turns(
            (iter(made(element)._iterate()) for element in self._iterate()), max(1, wide),
            int(block_length or 1)), UNKNOWN)

    def reduce(self, initial_state: Any, reduce_func: Callable[..., Any],
               name: str | None = None) -> Any:
        """What a function makes of all elements, one after the other."""
        state = initial_state
        for element in self:
            state = reduce_func(state, element)
        return state

    def get_single_element(self, name: str | None = None) -> Any:
        """The only element."""
        return next(iter(self))

    def _then(self, iterate: Callable[[], Iterable[Element]], count: int | None = None, *,
              batched: bool = False) -> Dataset:
        length = self._count if count is None else count
        return Dataset(lambda: iter(iterate()), length, batched=batched)

    def _grouped(self, iterate: Iterate, size: int, whole: bool) -> Dataset:
        count = self._counted(lambda n: n // size if whole else -(-n // size))
        return Dataset(iterate, count, batched=not whole)

    def _counted(self, of: Callable[[int], int]) -> int:
        return self._count if self._count < 0 else of(self._count)


def _transposed(part: list[Element]) -> Element:
    """A window: a data set in the place of each array."""
    return mapped(lambda *arrays: Dataset(lambda: iter(arrays), len(arrays)), *part)
