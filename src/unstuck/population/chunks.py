"""Replicas of an arm, chunk by chunk: read from the journal, or trained here or by other processes.

A chunk is a task of its own. Its finished population goes into the journal at once, so that nothing
is trained twice; it is trained with fewer replicas side by side where memory does not suffice, and
given up where it does not come back. What was found of an arm that cannot be trained is kept too.
"""

from __future__ import annotations

import contextlib
import math
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from types import FrameType
from typing import Any

from unstuck.base import interrupts, last_words
from unstuck.base.errors import UnstuckError, in_a_line
from unstuck.base.journal import Journal
from unstuck.network.recipe import Recipe

from .identity import fingerprint
from .memory import OutOfMemory, lighter
from .packing import in_order, packed, unpacked
from .population import Engine, Population, Progress, Yardstick
from .workers import Workers

SECONDS = 10.0
"""About what a chunk takes: what a kill may cost."""
PIECES = 2
"""So many for each worker, so that none waits long for the slowest at the end."""
WORTH = 0.25
"""A piece trains at least so long as a share of what compiling it takes, which each of them has to."""
PATIENCE = 10.0
"""How many times what was expected a chunk may take before it counts as hung."""
LEAST_PATIENCE = 120.0
"""Seconds that a chunk has in any case; compiling a large network takes a minute."""
GRACE = 10.0
"""Seconds for a hung chunk in this process to give way before the process ends."""


class Hung(UnstuckError):
    """A chunk did not come back."""


class KnownToFail(UnstuckError):
    """The journal tells that this arm could not be trained, and why."""


class TooLong(Exception):
    """One arm has taken more than its share; what it had is dropped."""


class Ended(Exception):
    """Raised by a progress callback: all work ends, which says nothing about the arm at hand."""


Failure = dict[str, Any]
"""A record of the journal: what could not be trained, and why."""
_AGAIN = {error.__name__: error for error in (OutOfMemory, Hung, TooLong)}
"""What the journal's failures are raised as."""


class Clock:
    """Seconds of work: monotonic, going on from what earlier runs of the same diagnosis took."""

    def __init__(self) -> None:
        self._begun = time.monotonic()

    @property
    def spent(self) -> float:
        """Seconds so far."""
        return time.monotonic() - self._begun

    def forward(self, to: float) -> None:
        """At least so much had been spent when the journal was written."""
        self._begun -= max(0.0, to - self.spent)


class Chunks:
    """Trains what is asked for and not known yet.

    Args:
        journal: where finished chunks are kept; nowhere without.
        workers: other processes that train, where an engine wants them.
    """

    def __init__(self, journal: Journal | None = None, workers: Workers | None = None) -> None:
        self.clock = Clock()
        self.reused = 0
        self._journal, self._workers = journal, workers
        self._writing = threading.Lock()
        self._pace: dict[str, float] = {}
        self._compilation: dict[str, float] = {}
        self._known: dict[str, list[tuple[Population, float]]] = {}
        self._failed: dict[str, tuple[str, str, float]] = {}
        if journal is not None:
            self._load(journal)

    def given_out(self, engine: Engine, recipe: Recipe) -> int:
        """How many chunks of such trainings other processes work on at a time; 0 if none do."""
        workers = self._workers
        return workers.count if workers is not None and workers.take(engine, recipe) else 0

    @property
    def notes(self) -> list[str]:
        """What there is to say of where trainings came from and went."""
        told = [] if self._journal is None else list(self._journal.notes)
        if self.reused:
            told.append(f"{self.reused:,} trainings were not repeated: an earlier run of this command"
                        " that was cut short had them")
        if self._workers is not None:
            told += [*self._workers.notes, f"trained by {self._workers.where}"]
        return told

    def train(
        self, engine: Engine, recipe: Recipe, seeds: Sequence[int], yardstick: Yardstick, *,
        probes: bool, progress: Progress, left: float, among: int = 1,
    ) -> Population:
        """One replica for each seed, in their order; in threads, for several arms at a time.

        Args:
            engine: what trains them.
            recipe: what to train.
            seeds: one for each replica.
            yardstick: the rows to predict, and their score.
            probes: take the readings.
            progress: told how far it is; may raise.
            left: seconds left of the budget.
            among: so many arms are trained at this time.

        Raises:
            NotSupported: the engine refuses the recipe.
            KnownToFail: it was tried before, and failed.
            OutOfMemory: not even one replica at a time has room.
            Hung: it did not come back.
        """
        key = self._key(recipe, probes)
        wanted = set(seeds)
        parts = []
        for part, spent in self._known.get(key, ()):
            if wanted >= set(part.seeds):
                parts.append(part)
                wanted -= set(part.seeds)
                self.reused += part.replicas
                self.clock.forward(spent)
        missing = [seed for seed in seeds if seed in wanted]
        if missing:
            self._raise_again(key, seeds)
        done, total = len(seeds) - len(missing), len(seeds) * recipe.epochs

        def tell(ran: int, of: int) -> None:
            progress(done * recipe.epochs + ran, total)

        try:
            if missing and self.given_out(engine, recipe):
                found = self._elsewhere(engine, recipe, missing, yardstick, probes, tell, among)
            else:
                found = self._here(
                    engine, recipe, missing, yardstick, probes, tell, left,
                    self._failure(key, seeds, Hung("it did not come back")))
            for part in found:
                self._keep(key, part)
                parts.append(part)
                done += part.replicas
        except Ended:
            raise
        except Exception as error:
            self._note(self._failure(key, seeds, error))
            raise
        return in_order(parts, seeds)

    @contextlib.contextmanager
    def choosing(self, recipe: Recipe, seeds: Sequence[int], *, probes: bool) -> Iterator[None]:
        """Around the choice of the engine for a `train`: some engines trace the network to tell.

        An end of the process is noted as a failure of that training; one that was noted comes again.

        Raises:
            KnownToFail: it was tried before, and failed.
        """
        key = self._key(recipe, probes)
        known = {seed for part, _ in self._known.get(key, ()) for seed in part.seeds}
        if not known >= set(seeds):
            self._raise_again(key, seeds)
        with self._ended_is_noted(self._failure(key, seeds, Hung("it did not come back"))):
            yield

    def _key(self, recipe: Recipe, probes: bool) -> str:
        """What tells trainings apart in the journal; "" without one."""
        return f"{fingerprint(recipe)}{' probed' if probes else ''}" if self._journal else ""

    def _size(self, engine: Engine, recipe: Recipe, most: int) -> int:
        """Replicas of the next chunk: whole blocks that take about `SECONDS`."""
        pace = self._pace.get(engine.name)
        if pace is None:
            return most
        block = engine.block(recipe)
        room = SECONDS / max(1e-9, pace * recipe.updates) / block
        return most if room * block >= most else max(1, int(room)) * block

    def _here(
        self, engine: Engine, recipe: Recipe, seeds: Sequence[int], yardstick: Yardstick,
        probes: bool, progress: Progress, left: float, hung: Failure,
    ) -> Iterator[Population]:
        """Chunk by chunk in this process; `hung` is noted before a hanging process is ended."""
        at = 0

        def train() -> Population:
            return engine.train(recipe, some, yardstick, probes=probes, progress=progress)

        while at < len(seeds):
            with self._ended_is_noted(hung):  # to ask for the size compiles, in some engines
                some = seeds[at : at + self._size(engine, recipe, len(seeds) - at)]
                with _deadline(self._patience(engine, recipe, len(some), left),
                               lambda: self._note(hung)):
                    part = lighter(engine, recipe, train)
            self._note_pace(engine, recipe, part)
            at += len(some)
            yield part

    def _patience(self, engine: Engine, recipe: Recipe, replicas: int, left: float) -> float:
        """Seconds after which a chunk counts as hung."""
        pace = self._pace.get(engine.name)
        if pace is None:
            return max(LEAST_PATIENCE, left + GRACE)
        block = engine.block(recipe)
        lanes = -(-replicas // block) * block
        return max(LEAST_PATIENCE, PATIENCE * pace * recipe.updates * lanes)

    def _elsewhere(
        self, engine: Engine, recipe: Recipe, seeds: Sequence[int], yardstick: Yardstick,
        probes: bool, progress: Progress, among: int,
    ) -> Iterator[Population]:
        """The same by the workers, in pieces; `progress` is told now and then, and may raise.

        Seconds are those that a piece would have taken, had the workers trained this arm alone.
        """
        assert self._workers is not None
        pieces = self._pieces(engine, recipe, seeds, self._workers.count, among)
        at_once = min(self._workers.count, len(pieces))
        for part in self._workers.train(
                engine, recipe, pieces, yardstick, probes=probes,
                meanwhile=lambda: progress(0, 1)):
            self._note_pace(engine, recipe, part)
            yield replace(part, seconds=part.seconds / at_once,
                          compile_seconds=part.compile_seconds / at_once)

    def _pieces(
        self, engine: Engine, recipe: Recipe, seeds: Sequence[int], count: int, among: int
    ) -> list[Sequence[int]]:
        """Two pieces for each of `count` workers, of all arms trained at this time; at least one for
        each arm, and no more than are `WORTH` to be compiled for.
        """
        wanted = max(1, PIECES * count // among)
        pace, compilation = self._pace.get(engine.name), self._compilation.get(engine.name)
        if pace is not None and compilation:
            training = pace * recipe.updates * len(seeds)
            wanted = min(wanted, max(1, int(training / (WORTH * compilation))))
        block = engine.block(recipe)
        size = -(-len(seeds) // wanted // block) * block
        return [seeds[at : at + size] for at in range(0, len(seeds), size)]

    def _note_pace(self, engine: Engine, recipe: Recipe, part: Population) -> None:
        """Remember what a replica's update takes, and to compile, for the chunks to come."""
        working = max(1e-9, part.seconds - part.compile_seconds)
        self._pace[engine.name] = working / max(1, recipe.updates) / part.replicas
        if part.compile_seconds:
            self._compilation[engine.name] = part.compile_seconds

    def _load(self, journal: Journal) -> None:
        for record in journal.known:
            document = record.document
            key, spent = document.get("of"), document.get("spent")
            if not isinstance(key, str) or not isinstance(spent, float) or not 0 <= spent < 1e9:
                continue
            if document.get("kind") == "failed":
                self._failed[key] = (str(document.get("how")), str(document.get("why")), spent)
            elif document.get("kind") == "chunk":
                try:
                    part = unpacked(document["population"], journal.arrays(record))
                except (ValueError, KeyError):
                    journal.notes.append("a part of the journal cannot be read; it is trained anew")
                    continue
                self._known.setdefault(key, []).append((part, spent))

    def _raise_again(self, key: str, seeds: Sequence[int]) -> None:
        """Raise what kept these replicas from being trained the last time."""
        known = self._failed.get(_failing(key, seeds))
        if known is not None:
            how, why, spent = known
            self.clock.forward(spent)
            raise _AGAIN.get(how, KnownToFail)(why)

    def _keep(self, key: str, part: Population) -> None:
        if self._journal is not None:
            document, arrays = packed(part)
            with self._writing:
                self._journal.append({"kind": "chunk", "of": key, "spent": self.clock.spent,
                                      "population": document}, arrays)

    def _failure(self, key: str, seeds: Sequence[int], error: Exception) -> Failure:
        return {"kind": "failed", "of": _failing(key, seeds), "how": type(error).__name__,
                "why": in_a_line(error)[:1000], "spent": self.clock.spent}

    def _note(self, failure: Failure) -> None:
        if self._journal is not None:
            with self._writing:
                self._journal.append({**failure, "spent": self.clock.spent})

    def _ended_is_noted(self, failure: Failure) -> contextlib.AbstractContextManager[None]:
        """Within, an end of the process is noted as a failure, by whoever sees it."""
        if self._journal is None:
            return contextlib.nullcontext()
        return last_words.noted_if_ended(
            str(self._journal.path), {**failure, "how": "KnownToFail", "spent": self.clock.spent})


def _failing(key: str, seeds: Sequence[int]) -> str:
    return f"{key} {min(seeds, default=0)}–{max(seeds, default=0)}"


@contextlib.contextmanager
def _deadline(seconds: float, before_the_end: Callable[[], None]) -> Iterator[None]:
    """Raise `Hung` in what runs longer, where the system can do that.

    Compiled code that never comes back to Python cannot be interrupted, and no other thread than the
    main one can. Where the process is ours (`interrupts.ours`), it then ends; the journal has all that
    was trained.
    """
    if not math.isfinite(seconds):
        yield
        return

    def hung(number: int, frame: FrameType | None) -> None:
        raise Hung(f"A training did not come back within {seconds:.0f} s and was given up.")

    def give_up() -> None:
        if interrupts.ours():
            before_the_end()
            interrupts.end(2, "unstuck: a training hangs in compiled code and cannot be stopped, so"
                              " this process ends. The same command goes on without that change.")

    watcher = threading.Timer(seconds + GRACE, give_up)
    watcher.daemon = True
    watcher.start()
    if not hasattr(signal, "setitimer") or (
            threading.current_thread() is not threading.main_thread()):
        try:
            yield
        finally:
            watcher.cancel()
        return
    before = signal.signal(signal.SIGALRM, hung)
    timer = signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        watcher.cancel()
        signal.setitimer(signal.ITIMER_REAL, *timer)
        signal.signal(signal.SIGALRM, before)
