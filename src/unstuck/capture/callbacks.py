"""Which callbacks of a `fit` take part in the replicas, and with what arguments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import keras

from unstuck.base.errors import BadData, NotSupported
from unstuck.network import adapter
from unstuck.network.callback_rules import (
    EarlyStopping,
    LearningRateScheduler,
    ReduceLROnPlateau,
    Rule,
    Rules,
)
from unstuck.network.optimizer import Optimizer

_WATCHERS = ("History", "ProgbarLogger")


def _only_watches(callback: Any) -> bool:
    """True for what every `fit` has, and for our own."""
    kind = type(callback)
    return kind.__name__ in _WATCHERS or kind.__module__.startswith("unstuck.")


def listed(callbacks: Any) -> tuple[Any, ...]:
    """The callbacks given to `fit`, one by one."""
    if isinstance(callbacks, keras.callbacks.CallbackList):
        callbacks = callbacks.callbacks
    if callbacks is None:
        return ()
    return tuple(callbacks) if isinstance(callbacks, list | tuple) else (callbacks,)


def taking_part(callback: Any) -> bool:
    """True for a callback that the replicas have, too: those three of Keras's own."""
    return type(callback) in _RULES


def rules_of(
    fit: Mapping[str, Any], model: keras.Model, optimizer: Optimizer, *, validated: bool
) -> tuple[Rules, tuple[str, ...], tuple[str, ...]]:
    """The rules, the names of the callbacks left out, and notes.

    Args:
        fit: the arguments of `fit`.
        model: a copy, compiled and built, whose metrics tell what can be monitored.
        optimizer: its optimizer.
        validated: whether there are rows to validate on.

    Raises:
        BadData: something in `callbacks` is none, or Keras does not know whether a monitored metric
            is to rise or to fall.
        NotSupported: a callback sets the rate of an optimizer that has a schedule in every epoch.
    """
    found: list[Rule] = []
    left_out, notes = [], []
    known = adapter.log_names(model)
    if validated:
        known = (*known, *(f"val_{name}" for name in known))
    for callback in listed(fit["callbacks"]):
        _refuse_none(callback)
        if not taking_part(callback):
            if not _only_watches(callback):
                left_out.append(type(callback).__name__)
            continue
        rule = replace(_RULES[type(callback)](callback, model), place=len(found))
        if rule.monitor is not None and rule.monitor not in known:
            notes.append(
                f"{rule.kind} watches {rule.monitor!r}, which this training does not have (it has"
                f" {', '.join(known)}), so that it never does anything.")
        found.append(rule)
    if sum(rule.restores for rule in found) > 1:
        raise NotSupported("Two EarlyStopping callbacks both put their best weights back. Give"
                           " restore_best_weights=True to one of them only.")
    if optimizer.learning_rate is None:
        found = _beside_a_schedule(found, left_out, notes)
    rules = Rules(rules=tuple(found), first_epoch=int(fit["initial_epoch"] or 0),
                  validated=_frequency(fit["validation_freq"]))
    if found:
        names = " and ".join(dict.fromkeys(rule.kind for rule in found))
        notes.append(f"{names} of your fit take{'s' * (len(found) == 1)} part in every training.")
    return rules, tuple(left_out), tuple(notes)


def _refuse_none(callback: Any) -> None:
    if isinstance(callback, type):
        raise BadData(f"callbacks holds the class {callback.__name__}, not a callback: write"
                      f" {callback.__name__}().")
    if not hasattr(callback, "set_model"):
        raise BadData(f"callbacks holds {callback!r:.80}, which is no callback of Keras's.")


def _beside_a_schedule(found: list[Rule], left_out: list[str], notes: list[str]) -> list[Rule]:
    """The rules that can do something where the optimizer has a schedule; notes of the others.

    Keras trains with a ReduceLROnPlateau beside a schedule until it would lower the rate, and stops
    with an error then. A LearningRateScheduler sets the rate before the first epoch, and always fails.
    """
    for rule in found:
        if isinstance(rule, LearningRateScheduler):
            raise NotSupported(
                f"{rule.kind} sets the learning rate, but the optimizer has a schedule of its own,"
                " so that Keras refuses. Give the optimizer a number as its learning rate.")
    left = [rule for rule in found if not isinstance(rule, ReduceLROnPlateau)]
    if len(left) < len(found):
        left_out.append("ReduceLROnPlateau")
        notes.append(
            "ReduceLROnPlateau cannot lower the rate of an optimizer that has a schedule: Keras stops"
            " with an error as soon as it is to do so. unstuck trains without it.")
    return left


def _frequency(given: Any) -> int | tuple[int, ...]:
    return int(given) if isinstance(given, int) else tuple(int(epoch) for epoch in given)


def _mode(callback: Any, model: keras.Model) -> Any:
    try:
        return adapter.monitor_mode(callback, model)
    except ValueError as error:
        raise BadData(
            f"{type(callback).__name__} watches {callback.monitor!r}, and Keras cannot tell whether"
            " that should rise or fall: give it mode='min' or mode='max'.") from error


def _early_stopping(callback: Any, model: keras.Model) -> Rule:
    return EarlyStopping(
        watched=callback.monitor, mode=_mode(callback, model), patience=callback.patience,
        min_delta=abs(float(callback.min_delta)), baseline=callback.baseline,
        restore_best_weights=bool(callback.restore_best_weights),
        start_from_epoch=int(callback.start_from_epoch))


def _reduce_on_plateau(callback: Any, model: keras.Model) -> Rule:
    return ReduceLROnPlateau(
        watched=callback.monitor, mode=_mode(callback, model), factor=float(callback.factor),
        patience=callback.patience, min_delta=abs(float(callback.min_delta)),
        cooldown=int(callback.cooldown), min_lr=float(callback.min_lr))


def _scheduler(callback: Any, model: keras.Model) -> Rule:
    return LearningRateScheduler(schedule=callback.schedule)


_RULES = {
    keras.callbacks.EarlyStopping: _early_stopping,
    keras.callbacks.ReduceLROnPlateau: _reduce_on_plateau,
    keras.callbacks.LearningRateScheduler: _scheduler,
}


def joined(rules: Rules, rounds: int, each: int) -> tuple[Rules, tuple[str, ...]] | None:
    """The rules of `rounds` calls of `fit` as one training, and notes; `None` where there is none.

    Each call of `fit` begins its callbacks anew, so that one that waits for several epochs does
    nothing in calls of one epoch.
    """
    if rounds == 1 or not rules:
        return rules, ()
    if each > 1 or rules.of(LearningRateScheduler):
        return None
    names: Sequence[str] = sorted({rule.kind for rule in rules.rules})
    return Rules(), (f"{' and '.join(names)} begins anew in every call of fit, so that with one"
                     " epoch a call it does nothing; it was left out.",)
