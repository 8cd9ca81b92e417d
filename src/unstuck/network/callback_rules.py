"""What happens between two epochs: the callbacks that take part in a training, for many replicas.

Each rule does what Keras's callback of that name does, in float32 as there, to arrays [replica].
A `Course` carries the rules through one training; the engines tell it the logs and do as it says.
Nothing here knows Keras.
"""

from __future__ import annotations

import contextlib
import io
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from unstuck.base.errors import NotSupported

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]
Logs = Mapping[str, Floats]
Mode = Literal["min", "max"]
_ASKING = threading.Lock()


@dataclass(frozen=True, kw_only=True, eq=False)
class Epoch:
    """One epoch's end: its number in `fit`'s own counting, its logs, the rates, all [replica]."""

    number: int
    logs: Logs
    rates: Floats


@dataclass(kw_only=True, eq=False)
class Wish:
    """What a rule wants done: which replicas stop, whose weights are the best, the next rates."""

    stop: Mask
    best: Mask
    rates: Floats


@dataclass(frozen=True, kw_only=True)
class Rule(ABC):
    """A callback that takes part. Its fields are the arguments of Keras's callback `kind`.

    `place` is its number among those of the user's that take part; its site is "callback:PLACE".
    """

    kind: ClassVar[str]

    place: int = 0

    @property
    def monitor(self) -> str | None:
        """What it looks at; `None` for one that looks at nothing."""
        return None

    @property
    def restores(self) -> bool:
        """True where the weights of the best epoch are put back at the end."""
        return False

    @abstractmethod
    def begin(self, replicas: int) -> Running:
        """It at work, before the first epoch."""


class Running:
    """A rule at work in one training; by default it does nothing."""

    def rates_for(self, epoch: int, rates: Floats) -> Floats:
        """The learning rates of an epoch about to begin."""
        return rates

    def end(self, epoch: Epoch, wish: Wish) -> None:
        """Look at an epoch that has ended, and write into the wish."""


def _improves(values: Floats, than: Floats | float, mode: Mode, min_delta: float) -> Mask:
    """As `MonitorCallback._is_improvement`: `min_delta` better, and a NaN never is."""
    delta = np.float32(abs(min_delta))
    with np.errstate(invalid="ignore"):
        better: Mask = values + delta < than if mode == "min" else values - delta > than
    return better


@dataclass(frozen=True, kw_only=True)
class EarlyStopping(Rule):
    """Stops a replica whose `monitor` has not improved for `patience` epochs."""

    kind: ClassVar[str] = "EarlyStopping"

    watched: str = "val_loss"
    mode: Mode = "min"
    patience: int = 0
    min_delta: float = 0.0
    baseline: float | None = None
    restore_best_weights: bool = False
    start_from_epoch: int = 0

    @property
    def monitor(self) -> str | None:
        """What it looks at."""
        return self.watched

    @property
    def restores(self) -> bool:
        """Its argument `restore_best_weights`."""
        return self.restore_best_weights

    def begin(self, replicas: int) -> Running:
        """See `Rule.begin`."""
        return _Stopping(self, replicas)


class _Stopping(Running):
    def __init__(self, rule: EarlyStopping, replicas: int) -> None:
        self._rule = rule
        self._wait = np.zeros(replicas, np.int64)
        self._best = np.full(replicas, np.nan, np.float32)
        self._none_yet = True

    def end(self, epoch: Epoch, wish: Wish) -> None:
        """See `Running.end`."""
        rule, current = self._rule, epoch.logs.get(self._rule.watched)
        if current is None or epoch.number < rule.start_from_epoch:
            return
        self._wait += 1
        better = _improves(current, self._best, rule.mode, rule.min_delta)
        if self._none_yet:
            better, self._none_yet = np.ones_like(better), False
        self._best = np.where(better, current, self._best)
        past = better
        if rule.baseline is not None:
            past = better & _improves(current, rule.baseline, rule.mode, rule.min_delta)
        self._wait[past] = 0
        wish.best |= better & rule.restore_best_weights
        wish.stop |= ~better & (self._wait >= rule.patience) & (epoch.number > 0)


@dataclass(frozen=True, kw_only=True)
class ReduceLROnPlateau(Rule):
    """Multiplies the rate by `factor` where `monitor` has not improved for `patience` epochs."""

    kind: ClassVar[str] = "ReduceLROnPlateau"

    watched: str = "val_loss"
    mode: Mode = "min"
    factor: float = 0.1
    patience: int = 10
    min_delta: float = 1e-4
    cooldown: int = 0
    min_lr: float = 0.0

    @property
    def monitor(self) -> str | None:
        """What it looks at."""
        return self.watched

    def begin(self, replicas: int) -> Running:
        """See `Rule.begin`."""
        return _Reducing(self, replicas)


class _Reducing(Running):
    def __init__(self, rule: ReduceLROnPlateau, replicas: int) -> None:
        self._rule = rule
        self._wait, self._cooling = np.zeros(replicas, np.int64), np.zeros(replicas, np.int64)
        self._best = np.full(replicas, np.nan, np.float32)
        self._none_yet = True

    def end(self, epoch: Epoch, wish: Wish) -> None:
        """See `Running.end`."""
        rule, current = self._rule, epoch.logs.get(self._rule.watched)
        if current is None:
            return
        cooling = self._cooling > 0
        self._cooling[cooling] -= 1
        self._wait[cooling] = 0
        better = _improves(current, self._best, rule.mode, rule.min_delta)
        if self._none_yet:
            better, self._none_yet = np.ones_like(better), False
        self._best = np.where(better, current, self._best)
        self._wait[better] = 0
        waiting = ~better & (self._cooling == 0)
        self._wait[waiting] += 1
        reduced = waiting & (self._wait >= rule.patience) & (wish.rates > np.float32(rule.min_lr))
        lower = np.maximum(wish.rates.astype(np.float64) * rule.factor, rule.min_lr)
        wish.rates = np.where(reduced, lower.astype(np.float32), wish.rates)
        self._cooling[reduced] = rule.cooldown
        self._wait[reduced] = 0


@dataclass(frozen=True, kw_only=True)
class LearningRateScheduler(Rule):
    """Asks the user's function `schedule(epoch, rate)` for the rate of each epoch."""

    kind: ClassVar[str] = "LearningRateScheduler"

    schedule: Callable[..., Any]

    def begin(self, replicas: int) -> Running:
        """See `Rule.begin`."""
        return _Scheduled(self)

    def asked(self, epoch: int, rate: float) -> float:
        """The function's answer. Raises NotSupported where it fails or gives no float."""
        # It would print for every replica; standard output is the whole process's, hence the lock.
        with _ASKING, contextlib.redirect_stdout(io.StringIO()):
            try:
                answer = self._answer(epoch, rate)
            except Exception as error:
                raise NotSupported(
                    f"The function of LearningRateScheduler raised {type(error).__name__} in epoch"
                    f" {epoch} at the rate {rate:.4g}: {error}."
                ) from error
        if not isinstance(answer, float | np.floating):
            raise NotSupported(
                f"The function of LearningRateScheduler gave {answer!r} in epoch {epoch}; Keras takes"
                " a float only. Wrap it in float(…)."
            )
        return float(answer)

    def _answer(self, epoch: int, rate: float) -> Any:
        try:
            return self.schedule(epoch, rate)
        except TypeError:  # Keras takes functions of the epoch alone, too
            return self.schedule(epoch)


class _Scheduled(Running):
    def __init__(self, rule: LearningRateScheduler) -> None:
        self._rule = rule

    def rates_for(self, epoch: int, rates: Floats) -> Floats:
        """See `Running.rates_for`; each rate that occurs is asked for once."""
        distinct, which = np.unique(rates, return_inverse=True)  # a rate may be NaN, no key of a dict
        asked = [self._rule.asked(epoch, float(rate)) for rate in distinct]
        return np.array(asked, np.float32)[which]


@dataclass(frozen=True, kw_only=True)
class Rules:
    """The callbacks of one training in their order. `first_epoch` is `fit`'s `initial_epoch`.

    `validated` tells which epochs, counted from 0, have validation logs: `fit`'s
    `validation_freq`, a number or the epochs themselves, counted from 1.
    """

    rules: tuple[Rule, ...] = ()
    first_epoch: int = 0
    validated: int | tuple[int, ...] = 1

    def __bool__(self) -> bool:
        return bool(self.rules)

    def without(self, *kinds: type[Rule]) -> Rules:
        """The same without those of some kinds."""
        return replace(self, rules=tuple(r for r in self.rules if not isinstance(r, kinds)))

    def at(self, place: int) -> Rule | None:
        """The one at a place."""
        return next((rule for rule in self.rules if rule.place == place), None)

    def of(self, kind: type[Rule]) -> tuple[Any, ...]:
        """Those of a kind."""
        return tuple(rule for rule in self.rules if isinstance(rule, kind))

    def validates(self, epoch: int) -> bool:
        """Whether an epoch has validation logs."""
        if isinstance(self.validated, int):
            return (epoch + 1) % self.validated == 0
        return epoch + 1 in self.validated

    @property
    def sets_rate(self) -> bool:
        """True where one of them changes the learning rate."""
        return any(isinstance(rule, ReduceLROnPlateau | LearningRateScheduler)
                   for rule in self.rules)

    def scheduled(self, epochs: int, rate: float) -> Floats:
        """The rates of all epochs where nothing but functions of the epoch sets them, [epoch]."""
        course = Course(self, 1, np.array([rate], np.float32))
        return np.concatenate([course.begin(epoch) for epoch in range(epochs)])


@dataclass(eq=False)
class Course:
    """The rules on their way through one training of many replicas.

    `rates` are the learning rates [replica] in force, `active` the replicas that still train,
    `stopped` after how many epochs each ended.
    """

    rules: Rules
    replicas: int
    rates: Floats
    active: Mask = field(init=False)
    stopped: NDArray[np.int32] = field(init=False)

    def __post_init__(self) -> None:
        self.active = np.ones(self.replicas, dtype=bool)
        self.stopped = np.zeros(self.replicas, np.int32)
        self._running = [rule.begin(self.replicas) for rule in self.rules.rules]

    def begin(self, epoch: int) -> Floats:
        """The learning rates of an epoch, counted from 0, about to begin."""
        for running in self._running:
            self.rates = running.rates_for(self.rules.first_epoch + epoch, self.rates)
        return self.rates

    def end(self, epoch: int, logs: Logs) -> tuple[Mask, Mask]:
        """After an epoch: which replicas stop now, and whose weights are the best so far."""
        number = self.rules.first_epoch + epoch
        if not self.rules.validates(number):
            logs = {name: values for name, values in logs.items() if not name.startswith("val_")}
        none = np.zeros(self.replicas, dtype=bool)
        wish = Wish(stop=none, best=none.copy(), rates=self.rates)
        for running in self._running:
            running.end(Epoch(number=number, logs=logs, rates=self.rates), wish)
        stop, best = wish.stop & self.active, wish.best & self.active
        self.stopped[self.active] = epoch + 1
        self.rates = np.where(self.active, wish.rates, self.rates)
        self.active = self.active & ~stop
        return stop, best


def held_on(curve: Floats, stopped: Sequence[int] | NDArray[np.int32]) -> Floats:
    """Curves [replica, epoch, …] whose values after a replica stopped are its last ones."""
    held = curve.copy()
    for replica, epochs in enumerate(stopped):
        if 0 < epochs < held.shape[1]:
            held[replica, epochs:] = held[replica, epochs - 1]
    return held
