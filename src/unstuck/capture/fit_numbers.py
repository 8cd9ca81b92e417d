"""The numbers among the arguments of `fit`: as they are meant, or refused where they mean nothing."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from unstuck.base.errors import BadData, UnstuckError
from unstuck.network.data import Data


def whole_number(fit: Mapping[str, Any], name: str, *, least: int | None = None) -> int | None:
    """A whole number among the arguments of `fit`; `None` where it is left out. Raises BadData."""
    given = fit[name]
    if given is None:
        return None
    try:
        number = operator.index(given)
    except TypeError:
        number = None
    if number is None or (least is not None and number < least):
        bound = "" if least is None else f" from {least} up"
        raise BadData(f"{name}={given!r:.80} is not a whole number{bound}.")
    return number


def steps_of(fit: Mapping[str, Any]) -> int | None:
    """`steps_per_epoch`; Keras takes 0 of arrays for none."""
    return whole_number(fit, "steps_per_epoch", least=0) or None


def validation_share(fit: Mapping[str, Any]) -> float:
    """`validation_split`. Raises BadData."""
    given = fit["validation_split"] or 0.0
    if not isinstance(given, int | float | np.number) or not 0 <= given < 1:
        raise BadData(f"validation_split={given!r} is no share of the rows, from 0 to less than 1.")
    return float(given)


def epochs_of(fit: Mapping[str, Any], notes: list[str] | None = None) -> int:
    """How many epochs are trained; what is to be told of them is added to `notes`.

    Raises:
        UnstuckError: it trains none.
    """
    notes = [] if notes is None else notes
    first, epochs = whole_number(fit, "initial_epoch", least=0) or 0, whole_number(fit, "epochs")
    if epochs is None:
        raise BadData("epochs=None is no number of epochs.")
    if epochs - first < 1:
        raise UnstuckError(
            f"fit(epochs={epochs}{f', initial_epoch={first}' if first else ''}) trains nothing."
        )
    if first:
        notes.append(f"initial_epoch={first}: the {epochs - first} epochs after it are trained.")
    if fit["validation_freq"] != 1:
        notes.append("The trainings are validated after every epoch; callbacks see it as often as in"
                     " your fit.")
    if fit["validation_steps"] and fit["validation_data"] is None and fit["validation_split"]:
        notes.append("validation_steps is left out: all rows of the split are validated on.")
    return epochs - first


def class_weight_of(fit: Mapping[str, Any], data: Data) -> Mapping[int, float] | None:
    given = fit["class_weight"]
    if given is None:
        return None
    if data.sample_weight is not None:
        raise BadData("fit takes class_weight or sample_weight, not both.")
    if keras.tree.is_nested(data.y):
        raise BadData("class_weight needs a model with one output; use sample_weight.")
    if not isinstance(given, Mapping):
        raise BadData("class_weight must be a dict from class numbers to weights.")
    try:
        return {int(label): float(weight) for label, weight in given.items()}
    except (TypeError, ValueError) as error:
        raise BadData(f"class_weight={given!r:.200} must be a dict from class numbers to weights, such"
                      " as {0: 1.0, 1: 5.0}.") from error
