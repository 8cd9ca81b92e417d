"""Batches from a generator, a PyDataset or a DataLoader, taped once so that replicas can replay them.

Two epochs tell what kind of source it is: the same batches again (replayed in their order, or moved
as wholes where `fit` shuffles a PyDataset), the same rows in another order (pooled and shuffled
anew for each replica), or other rows each time (taped to the last epoch and replayed as they came).
Where that is more than there is room for, what fits is taped and gone through again and again.
"""

from __future__ import annotations

import copy
import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

import keras
import numpy as np

from unstuck.base.errors import BadData, NotSupported, UnstuckError
from unstuck.network import adapter

Tree = Any
Batch = tuple[Tree, Tree, Tree]
Kind = Literal["fixed", "whole", "rows", "stream"]

MOST_BYTES = 512 << 20
"""What all epochs may come to whose rows are new each time; of more, the first ones are taped, up to
`SHARE` of this: that takes the time of a diagnosis, and is not what your training sees anyway."""
SHARE = 0.25
MOST_OF_AN_EPOCH = 1 << 30
"""What one epoch may come to; of more, its first batches are taped."""
MOST_BATCHES = 1 << 17
"""As many batches at most are taken for one epoch, so that one without an end is told soon."""
MOST_SECONDS = 120.0
"""A source slower than this is not taped: a diagnosis would take hours."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Tape:
    """What was taped: all rows, the batch size, how epochs are made of them, and a note.

    `epochs` is how many epochs of rows there are: 1, unless each has rows of its own ("stream").
    `again` is a source that gives the user's training all that was taken from his. `passes` is the
    number of epochs to train where it is not the one that `fit` was asked for. `rows_alone`: the
    batches had no targets.
    """

    x: Tree
    y: Tree
    sample_weight: Tree
    batch_size: int
    kind: Kind
    epochs: int
    note: str
    again: Any
    passes: int | None = None
    rows_alone: bool = False


def tape(
    source: Any, *, steps: int | None, epochs: int, shuffle: bool, where: str = "fit",
    most_bytes: int = MOST_BYTES, most_of_an_epoch: int = MOST_OF_AN_EPOCH, alone: bool = False,
) -> Tape:
    """Tape what `fit` would take from a source.

    Args:
        source: a generator, PyDataset, DataLoader or tf.data.Dataset.
        steps: batches in an epoch; `None`: all.
        epochs: how many epochs.
        shuffle: whether `fit` shuffles the batches of a PyDataset.
        where: what it was given to, for messages.
        most_bytes, most_of_an_epoch: see MOST_BYTES, MOST_OF_AN_EPOCH.
        alone: batches may be rows without targets, which are then the rows themselves.

    Raises:
        BadData: it raised, ran out, or its batches cannot be trained on.
        NotSupported: it is too slow to tape, or its batches are of unequal sizes.
    """
    reel = _Reel(source, where, most_of_an_epoch, alone)
    first = reel.epoch(steps)
    if reel.full:
        return reel.cut_short(first, steps, epochs)
    size = max(1, sum(map(bytes_of, first)))
    room = epochs if size * epochs <= most_bytes else max(1, int(SHARE * most_bytes / size))
    if epochs == 1:
        return reel.wound([first], "fixed")
    if reel.is_generator and steps is None:
        raise NotSupported(
            f"The generator given to {where} ends after {len(first)} batches, which is one epoch of"
            f" the {epochs} asked for; Keras warns, and trains on hardly anything in the others. Let it"
            f" go on: if gen() makes it, write fit((batch for _ in range({epochs}) for batch in gen()),"
            f" steps_per_epoch={len(first)}, epochs={epochs}, …).")
    second = reel.epoch(steps)
    if not all(divided([*map(rows_in, first), *map(rows_in, second)], len(first))):
        if steps is None:
            raise reel.uneven([first])
        return _by_passes(reel, [*first, *second], steps=len(first), epochs=epochs, room=room)
    if _same(first, second):
        moved = reel.is_dataset and shuffle and steps is None
        return reel.wound([first], "whole" if moved else "fixed")
    if _same_rows(first, second):
        return reel.wound([first], "rows")
    rest = (reel.epoch(steps) for _ in range(min(epochs, room) - 2))
    taped = [first, second, *rest][: max(1, room)]
    return _told_short(reel.wound(taped, "stream"), len(taped), epochs)


def _told_short(tape: Tape, taped: int, of: int) -> Tape:
    """The tape, with a word where its epochs are not all that there would be."""
    if taped >= of:
        return tape
    return replace(tape, note=(
        f"{tape.note} There is room for {taped} of your {of} epochs, whose rows are new each time (such"
        " as augmented pictures): trainings go through these again and again, so that they see less"
        " variety than your training does. Keras's augmentation layers in the model need no tape."))


def _by_passes(
    reel: _Reel, batches: list[Batch], *, steps: int, epochs: int, room: int
) -> Tape:
    """The tape of a source whose own passes end within the epochs, with a shorter batch each time.

    An epoch of the replicas is then one pass of the source. What is left of the last pass is not
    trained on. `room` is for how many epochs of `steps` batches there is room.
    """
    total = steps * epochs
    while True:
        sizes = [rows_in(batch) for batch in batches]
        whole = next((n for n in range(1, len(sizes) // 2 + 1) if all(divided(sizes, n))), None)
        if whole is not None or len(batches) >= total:
            break
        batches += reel.epoch(steps)
    if whole is None or total < 2 * whole:
        raise reel.uneven([batches])
    passes = [batches[:whole], batches[whole : 2 * whole]]
    kind: Kind = "fixed" if _same(*passes) else "rows" if _same_rows(*passes) else "stream"
    count = total // whole
    taped = min(count, max(2, room * steps // whole))
    if kind == "stream":
        while len(batches) < taped * whole:
            batches += reel.epoch(steps)
        passes = [batches[at : at + whole] for at in range(0, taped * whole, whole)]
        if not all(divided([rows_in(one) for part in passes for one in part], whole)):
            raise reel.uneven(passes)
    wound = reel.wound(passes if kind == "stream" else passes[:1], kind)
    wound = _told_short(wound, taped if kind == "stream" else count, count)
    return replace(wound, passes=count, note=(
        f"{wound.note} Your {epochs} epochs of {steps} batches end in the middle of its passes of"
        f" {whole}, so that here an epoch is one pass, and there are {count}."))


class _Reel:
    """A source on its way through the tape."""

    def __init__(self, source: Any, where: str, most: int, alone: bool) -> None:
        self._alone, self.rows_alone = alone, False
        self.kind = adapter.stream_kind(source) or type(source).__name__
        self.is_dataset = self.kind == "a PyDataset"
        # Generators of other years, such as `datagen.flow(x, y)`, are PyDatasets with a length, too.
        self.is_generator = isinstance(source, Iterator) and not self.is_dataset
        self._source, self._where = source, where
        self._mine = source if self.is_generator else _copied(source)
        self._begun, self._most = time.monotonic(), most
        self._taped: list[Any] = []
        self._asked = 0
        self.full = False
        self._running: Iterator[Any] | None = None

    def epoch(self, steps: int | None) -> list[Batch]:
        """The batches of the next epoch; where they are too many, the first of them (`full`)."""
        if self.is_dataset and hasattr(self._mine, "on_epoch_begin"):
            self._mine.on_epoch_begin()
        if self._running is None or (steps is None and not self.is_generator):
            self._running = self._passes(endless=steps is not None)
        batches: list[Batch] = []
        size = 0
        for taken in itertools.count():
            if steps is not None and taken == steps:
                break
            try:
                raw = next(self._running)
            except StopIteration:
                break
            except UnstuckError:
                raise
            except Exception as error:
                raise BadData(
                    f"The source of batches given to {self._where} ({self.kind}) raised"
                    f" {type(error).__name__} after {self._asked} batches: {error}.") from error
            self._asked += 1
            if self.is_generator:
                self._taped.append(raw)
            batch = self._batch(raw)
            size += bytes_of(batch)
            if batches and (size > self._most or len(batches) == MOST_BATCHES):
                self.full = True
                return batches
            batches.append(batch)
            self._check_time()
        if steps is None and self.is_dataset:
            self._mine.on_epoch_end()
        if steps is None and not self.is_generator:
            batches = _short_one_last(batches)
        if not batches or (steps is not None and len(batches) < steps):
            raise BadData(
                f"The source of batches given to {self._where} ({self.kind}) ran out after"
                f" {self._asked} batches" + (
                    "." if steps is None else f"; fit takes {steps} in each epoch."
                    " Let it go on, or lower steps_per_epoch."))
        return batches

    def _passes(self, *, endless: bool) -> Iterator[Any]:
        """Batches of one pass, or of one pass after the other."""
        while True:
            if self.is_generator:
                yield from self._mine
                return
            count = self._mine.num_batches if self.is_dataset else None
            if self.is_dataset:
                numbers = itertools.count() if count is None else range(count)
                yield from (self._mine[number] for number in numbers)
            elif hasattr(self._mine, "as_numpy_iterator"):
                yield from self._mine.as_numpy_iterator()
            else:
                yield from self._mine
            if not endless:
                return
            if self.is_dataset:
                self._mine.on_epoch_end()

    def _batch(self, raw: Any) -> Batch:
        parts = tuple(raw) if isinstance(raw, list | tuple) else (raw,)
        if not 1 <= len(parts) <= 3 or parts[0] is None:
            raise BadData(f"A batch of {self.kind} must be (x, y) or (x, y, sample_weight), not"
                          f" {len(parts)} things.")
        if len(parts) == 1 and self._alone:
            self.rows_alone = True
            return batch_of(parts[0], parts[0])
        if len(parts) == 1:
            raise NotSupported(f"The batches of {self.kind} have no targets; they must be (x, y).")
        batch = batch_of(*parts)
        for leaf in arrays_of(batch):
            if leaf.ndim == 0 or not len(leaf):
                raise BadData(f"A batch of {self.kind} has no rows: it holds"
                              f" {_shown(leaf)} where an array of rows should be.")
        return batch

    def _check_time(self) -> None:
        if time.monotonic() - self._begun > MOST_SECONDS:
            raise NotSupported(
                f"Taping the batches of {self.kind} took more than {MOST_SECONDS:.0f} s. Diagnose it"
                " on fewer batches: a smaller steps_per_epoch, or a part of the data.")

    def _cardinality(self) -> int | None:
        """How many batches a data set of TensorFlow's says that it has."""
        told = getattr(self._mine, "cardinality", None)
        return max(0, int(told())) or None if told is not None else None

    def cut_short(self, batches: list[Batch], steps: int | None, epochs: int) -> Tape:
        """The tape of an epoch that there is no room for: its first batches, trained on as often.

        Raises:
            NotSupported: nobody knows how many batches an epoch has.
        """
        of = steps or getattr(self._mine, "num_batches", None) or self._cardinality()
        much = (f"{MOST_BATCHES:,} batches" if len(batches) == MOST_BATCHES
                else f"{self._most >> 20} MB")
        if of is None:
            raise NotSupported(
                f"One epoch of {self.kind} comes to more than {much}, and does not say how many batches"
                " it has: perhaps it never ends. Give fit steps_per_epoch.")
        passes = max(1, round(of * epochs / len(batches)))
        return replace(self.wound([batches], "fixed"), passes=passes, note=(
            f"One epoch of {self.kind}, {of} batches, comes to more than {much}: the"
            f" first {len(batches)} were taped, and every training goes through them {passes} time"
            f"{'s' * (passes > 1)}, which are as many updates. Rows after those are not seen."))

    def wound(self, epochs: list[list[Batch]], kind: Kind) -> Tape:
        """The tape of these epochs. Raises NotSupported where batches are of unequal sizes."""
        flat = [batch for batches in epochs for batch in batches]
        if not all(divided([rows_in(batch) for batch in flat], len(epochs[0]))):
            raise self.uneven(epochs)
        if (flat[0][2] is None) != all(batch[2] is None for batch in flat):
            raise BadData(f"Some batches of {self.kind} have sample weights, others have none.")
        x, y, weight = joined(flat)
        again = itertools.chain(self._taped, self._mine) if self.is_generator else self._source
        return Tape(x=x, y=y, sample_weight=weight, batch_size=rows_in(flat[0]), kind=kind,
                    epochs=len(epochs), note=self._note(kind, epochs), again=_generator(again)
                    if self.is_generator else again, rows_alone=self.rows_alone)

    def uneven(self, epochs: list[list[Batch]]) -> NotSupported:
        """The error for batches that make no epochs of equal batches."""
        shown = ", ".join(str(rows_in(batch)) for batch in epochs[0][:6])
        return NotSupported(
            f"The batches of {self.kind} are of unequal sizes ({shown}, …), which cannot"
            " be trained on. Make all but the last of an epoch equal.")

    def _note(self, kind: Kind, epochs: list[list[Batch]]) -> str:
        batches = f"{len(epochs[0])} batch{'es' * (len(epochs[0]) > 1)}"
        how = {
            "fixed": f"{batches} an epoch, always the same: every training gets them in this order",
            "whole": f"{batches} an epoch, always the same: every training gets them in an order of"
                     " its own, a shorter one last",
            "rows": f"{batches} an epoch, the same rows in another order each time: they were pooled,"
                    " and are shuffled anew for every training",
            "stream": f"{len(epochs)} epochs of {batches}, each with rows of its own: every training"
                      " gets the batches as they came",
        }[kind]
        return f"{self.kind[0].upper()}{self.kind[1:]} was taped: {how}."


def _short_one_last(batches: list[Batch]) -> list[Batch]:
    """The batches of a pass, a shorter one last, which comes anywhere where batches are shuffled."""
    sizes = list(map(rows_in, batches))
    short = [at for at, size in enumerate(sizes) if size < max(sizes)]
    if len(short) == 1:
        batches.append(batches.pop(short[0]))
    return batches


def _shown(leaf: Any) -> str:
    return repr(leaf.item())[:60] if leaf.ndim == 0 else f"an array of the shape {leaf.shape}"


def _copied(source: Any) -> Any:
    """A copy, so that the user's own does not move on; itself where it cannot be copied."""
    try:
        return copy.deepcopy(source)
    except Exception:
        return source


def _generator(batches: Iterator[Any]) -> Iterator[Any]:
    yield from batches  # Keras wants a generator by its type


def _array(leaf: Any) -> Any:
    if leaf is None:
        return None
    # A loop may shuffle in place what its batches are cut from, and a generator fill one array again.
    return np.array(leaf.detach().cpu() if hasattr(leaf, "detach") else leaf)


def batch_of(x: Tree, y: Tree, sample_weight: Tree = None) -> Batch:
    """A batch as numpy arrays of its own, whatever kind of arrays it came in."""
    made: Batch = tuple(  # type: ignore[assignment]
        None if part is None else keras.tree.map_structure(_array, part)
        for part in (x, y, sample_weight))
    return made


def arrays_of(batch: Batch) -> list[Any]:
    """The arrays of a batch."""
    return [leaf for leaf in keras.tree.flatten(batch) if leaf is not None]


def bytes_of(batch: Batch) -> int:
    """The memory that a batch takes."""
    return sum(a.nbytes for a in arrays_of(batch))


def joined(batches: list[Batch]) -> Batch:
    """The rows of batches, one after the other.

    Raises:
        NotSupported: their rows are of different shapes.
    """
    first = [a.shape[1:] for a in arrays_of(batches[0])]
    for batch in batches:
        other = [a.shape[1:] for a in arrays_of(batch)]
        if other != first:
            one, two = next((a, b) for a, b in zip(first, other, strict=False) if a != b)
            raise NotSupported(
                f"The batches have rows of different shapes, such as {one} and {two}, which"
                " cannot be trained on. Pad them all to one shape, as with pad_sequences.")
    x, y, weight = (None if parts[0] is None else keras.tree.map_structure(
        lambda *a: np.concatenate(a), *parts) for parts in zip(*batches, strict=True))
    return x, y, weight


def divided(sizes: list[int], each: int) -> Iterator[bool]:
    """For each epoch of `each` batches, whether all are as large as the first but the last.

    The last one may be shorter, the same in every epoch; so may what is left at the end be cut.
    """
    for at in range(0, len(sizes), each):
        part = sizes[at : at + each]
        like = part == sizes[: len(part)]
        yield like and part[:-1] == sizes[:1] * (len(part) - 1) and 0 < part[-1] <= sizes[0]


def rows_in(batch: Batch) -> int:
    return len(arrays_of(batch)[0])


def _same(one: list[Batch], other: list[Batch]) -> bool:
    return len(one) == len(other) and all(
        len(a) == len(b) and all(map(np.array_equal, a, b)) for a, b in
        zip(map(arrays_of, one), map(arrays_of, other), strict=True))


def _same_rows(one: list[Batch], other: list[Batch]) -> bool:
    return sorted(map(hash, bytes_of_rows(one))) == sorted(map(hash, bytes_of_rows(other)))


def bytes_of_rows(batches: list[Batch]) -> Iterator[bytes]:
    for batch in batches:
        for row in zip(*arrays_of(batch), strict=False):
            yield b"".join(np.ascontiguousarray(part).tobytes() for part in row)
