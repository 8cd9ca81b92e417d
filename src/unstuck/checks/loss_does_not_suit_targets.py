"""A loss made for other targets, or for other outputs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from unstuck.interventions.loss import Loss

from . import Check, Family, Finding, Observation, measured
from . import _anatomy as anatomy
from . import _data as data
from . import _tries as tries
from ._words import number, percent

PROBABILITIES = frozenset({"sigmoid", "softmax", "hard_sigmoid"})
ERRORS = frozenset({"mean_squared_error", "mean_absolute_error", "huber", "log_cosh",
                    "mean_squared_logarithmic_error", "mean_absolute_percentage_error"})


@dataclass(frozen=True)
class LossDoesNotSuitTargets(Check):
    """The loss expects other targets, or other outputs, than the network has.

    ## What it sees
    Facts: cross-entropy with targets outside [0, 1], or with class numbers where distributions are
    due; class numbers beyond the number of outputs, or with fractions; raw (linear, tanh, ReLU)
    outputs under a cross-entropy that takes probabilities; under one that takes logits, outputs whose
    range keeps it above `floor`, as probabilities do. Outputs that are never negative are no
    probabilities either, but categorical cross-entropy divides them by their sum; of these only ReLU,
    which can be 0 for a whole row, is told. Suspicions, where the network fails: squared or absolute
    error on classes, binary cross-entropy over the outputs of a softmax or on numbers, categorical
    cross-entropy over sigmoids.

    ## Why learning stops
    Where targets are below 0, or above 1 under a binary cross-entropy, the loss falls as far as
    outputs can be pushed towards their limit. Categorical cross-entropy has the same best outputs
    for (4, 1) and (0.8, 0.2): the size of targets above 1 is lost. Keras cuts off what a
    cross-entropy takes for a probability at 0 and 1, where the gradient is 0; the categorical ones
    divide the outputs of a row by their sum first. Class numbers beyond the outputs have a loss of
    0, whatever the output is. Softmax applied twice leaves a floor far above 0. Squared error on a
    sigmoid has next to no gradient where the network is sure and wrong.

    ## What it tries
    The output activation and loss that belong to such targets, set together; `from_logits` turned
    round where that is the mistake.

    ## Example
        model.compile("adam", "binary_crossentropy")    # after Dense(1), no sigmoid: sick
        model.compile("adam", keras.losses.BinaryCrossentropy(from_logits=True))    # cured

        nn.BCELoss()(linear(x), y)              # sick, in PyTorch
        nn.BCEWithLogitsLoss()(linear(x), y)    # cured

    ## When it is wrong
    Mean squared error on a sigmoid is legitimate for targets in [0, 1], and binary cross-entropy
    for grey values that an autoencoder is to put out: they are only suspected where training fails.

    ## References
    Goodfellow et al. 2016, Deep Learning, section 6.2.2.
    """

    family: ClassVar[Family] = Family.LOSS
    always: ClassVar[bool] = True
    of_each_output: ClassVar[bool] = True

    # A loss that bounded logits keep above this is seen in training.
    floor: float = 0.05

    def look(self, seen: Observation) -> Iterator[Finding]:
        """The first thing that does not fit; facts before suspicions."""
        head, targets = anatomy.head(seen.recipe), data.targets(seen.recipe)
        if head is None or targets is None or not np.isfinite(targets).all():
            return
        case = _Case(seen=seen, check=self, head=head, targets=targets)
        questions: tuple[Callable[[], Finding | None], ...] = (
            case.fractions_of_classes, case.labels_beyond_outputs, case.classes_for_distributions,
            case.outside_unit_interval,
            case.raw_outputs, case.bounded_logits, case.no_logarithms,
        )
        if not seen.learns:
            questions += (case.errors_on_classes, case.binary_over_softmax,
                          case.categorical_over_sigmoids, case.binary_on_numbers)
        found = (question() for question in questions)
        first = next((finding for finding in found if finding is not None), None)
        if first is not None:
            yield first


@dataclass(frozen=True, kw_only=True, eq=False)
class _Case:
    """One network's end, its targets, its loss."""

    seen: Observation
    check: LossDoesNotSuitTargets
    head: anatomy.Head
    targets: NDArray[Any]

    @property
    def loss(self) -> str:
        return self.seen.recipe.loss_config[0]

    @property
    def logits(self) -> bool:
        return bool(self.seen.recipe.loss_config[1].get("from_logits"))

    @property
    def site(self) -> str:
        return "loss"

    def _set(self, activation: str, loss: str, *, from_logits: bool = False) -> tries.Tries:
        return tries.output_and_loss(self.seen.recipe, self.head, activation, loss,
                                     from_logits=from_logits)

    def _suited(self) -> tries.Tries:
        """The output and loss that belong to these targets."""
        task, units = self.seen.goal.task, self.head.units or 1
        if task.kind == "one-hot":
            return self._set("softmax", "categorical_crossentropy")
        if task.kind == "binary" and task.levels == (0.0, 1.0):
            return self._set("sigmoid", "binary_crossentropy")
        if task.kind == "classes" and units > 1:
            return self._set("softmax", "sparse_categorical_crossentropy")
        # Numbered classes on one output are predicted as numbers: the outputs are not multiplied.
        return self._set("linear", "mean_squared_error")

    def _is_numbered(self) -> bool:
        """True for one column of a few whole numbers from 0 on: classes, by all appearance."""
        values = np.unique(self.targets)
        return bool(self.targets.shape[1] == 1 and 2 < len(values) <= 100
                    and values[0] >= 0 and values[-1] < 1000 and np.all(values == np.rint(values)))

    def no_logarithms(self) -> Finding | None:
        """Torch's `NLLLoss` of outputs that are not the logarithms which it expects."""
        if self.loss != "nll_loss":
            return None
        return self.check.fact(
            "nll_loss takes the output of the right class as it is, and wants the logarithm of its"
            f" probability; the outputs here are {self.head.activation}. The loss pulls as hard at an"
            " answer that is right already as at one that is wrong.",
            measured("share of outputs that are logarithms", 0, 1), site=self.site,
            tries=self._suited())

    def fractions_of_classes(self) -> Finding | None:
        """Targets between two numbers of classes, whose fractions are cut off."""
        between = float((self.targets != np.trunc(self.targets)).mean())
        if not self.loss.startswith("sparse_categorical") or not between:
            return None
        return self.check.fact(
            f"{self.loss} takes numbers of classes, and {percent(between)} of the targets are no whole"
            " numbers: what stands behind their points is cut off. Quantities belong to one linear"
            " output and mean_squared_error.",
            measured("targets that are no whole numbers", between, 0, "share of targets"),
            site=self.site)

    def labels_beyond_outputs(self) -> Finding | None:
        """Class numbers for which there is no output."""
        units, highest = self.head.units, float(self.targets.max())
        if not self.loss.startswith("sparse_categorical") or units is None or (
                highest < units and self.targets.min() >= 0):
            return None
        return self.check.fact(
            f"The targets are class numbers from {number(float(self.targets.min()))} to"
            f" {number(highest)}, and the {units} outputs have the numbers 0 to {units - 1}: rows of"
            " the other classes have a loss of 0 and no gradient, whatever the output is, so that"
            f" nothing is learned from them. {self._outputs_needed(highest)}",
            measured("highest class number", highest, units - 1), site=self.site)

    def _outputs_needed(self, highest: float) -> str:
        if self.targets.min() < 0:
            return "Number the classes from 0."
        return f"Give the output {int(highest) + 1} units, or number the classes from 0."

    def classes_for_distributions(self) -> Finding | None:
        """Categorical cross-entropy on a column of class numbers."""
        if self.loss != "categorical_crossentropy" or self.targets.shape[1] > 1:
            return None
        if self.head.activation == "softmax" and self.head.units == 1:
            return None  # softmax-over-one-unit says why
        return self.check.fact(
            "categorical_crossentropy takes a row of probabilities for each target, and these have"
            " a single column: divided by its sum a single output is 1, with a loss of 0 for"
            " whatever it was.",
            measured("columns of the targets", 1, 2, "columns"), site=self.site,
            tries=self._suited())

    def outside_unit_interval(self) -> Finding | None:
        """Cross-entropy on targets that are no probabilities."""
        if self.loss not in ("binary_crossentropy", "categorical_crossentropy",
                             "binary_focal_crossentropy"):
            return None
        share = float(((self.targets < 0) | (self.targets > 1)).mean())
        if not share:
            return None
        signs = self.seen.goal.task.levels == (-1.0, 1.0)
        if self.loss.startswith("categorical") and self.targets.min() >= 0:
            meant = (f"{self.loss} is least where the outputs of a row are its targets divided by"
                     " their sum, so that their size is lost")
        else:
            meant = (f"there {self.loss} falls as long as outputs are pushed on towards their limit,"
                     " whatever the inputs say")
        return self.check.fact(
            f"{percent(share)} of the targets, which go from {number(float(self.targets.min()))} to"
            f" {number(float(self.targets.max()))}, are outside [0, 1]: {meant}.",
            measured("targets outside [0, 1]", share, 0, "share of targets"), site=self.site,
            tries=(*tries.data_scale(self.seen.recipe),
                   *(self._set("tanh", "mean_squared_error") if signs else ()), *self._suited()))

    def raw_outputs(self) -> Finding | None:
        """Outputs that are no probabilities, under a loss that takes them for such."""
        if "crossentropy" not in self.loss or self.logits or (
                self.head.activation in PROBABILITIES or self.head.range is None):
            return None
        binary = self.loss.startswith("binary")
        squash = "sigmoid" if binary else "softmax"
        low, high = self.head.range
        if not binary and low >= 0 and self.head.activation not in anatomy.RECTIFIERS:
            return None  # divided by their sum they are probabilities, as after a softmax
        if self.loss == "binary_focal_crossentropy":
            then = "outside of 0 to 1 it weighs rows by powers of what is no probability"
        elif binary:
            then = "what lies outside of 0 to 1 is cut off there and has no gradient"
        elif low >= 0:
            then = ("Keras divides the outputs of a row by their sum: where that of the right class is"
                    " 0 it has no gradient, and where all are 0 the loss is no number")
        else:
            then = ("Keras divides the outputs of a row by their sum: where that of the right class"
                    " is then not between 0 and 1, it is cut off there and has no gradient")
        return self.check.fact(
            f"{self.loss} takes probabilities, and the {self.head.activation} output goes from"
            f" {number(low)} to {number(high)}; {then}.",
            measured("upper end of the output's range", high, 1.0), site=self.site,
            tries=(*self._set(squash, self.loss),
                   *((Loss(value=self.loss, from_logits=True),)
                     if self.head.activation == "linear" else ())))

    def bounded_logits(self) -> Finding | None:
        """Sigmoid or softmax applied twice, or logits that another activation keeps within bounds."""
        if not self.logits or self.head.range is None:
            return None
        low, high = self.head.range
        if self.loss.startswith("binary"):
            positive = float(self.targets.mean())
            floor = float(positive * np.logaddexp(0, -high) + (1 - positive) * np.logaddexp(0, low))
        else:
            floor = float(np.log1p(((self.head.units or 1) - 1) * np.exp(low - high)))
        if floor < self.check.floor:
            return None
        linear = self._set("linear", self.loss, from_logits=True)
        if self.head.activation in PROBABILITIES:
            has = (f"the {self.head.activation} has made probabilities of it already: between 0 and 1,"
                   " they leave")
            tried: tries.Tries = (Loss(value=self.loss, from_logits=False), *linear)
        else:
            has = (f"the {self.head.activation} puts out nothing but {number(low)}"
                   + (" and up" if np.isinf(high) else f" to {number(high)}") + ", which leaves")
            tried = linear
        return self.check.fact(
            f"from_logits=True takes the output for logits, and {has} the loss above {number(floor)}.",
            measured("floor of the loss", floor, 0.0), site=self.site, tries=tried)

    def errors_on_classes(self) -> Finding | None:
        """Squared or absolute error where there are classes."""
        kind = self.seen.goal.task.kind
        numbered = kind == "real" and self.head.units == 1 and self._is_numbered() and (
            self.head.activation in PROBABILITIES)
        if self.loss not in ERRORS or (kind not in ("one-hot", "binary", "classes")
                                       and not numbered):
            return None
        if self.seen.goal.task.levels not in (None, (0.0, 1.0)):
            return None
        return self.check.suspicion(
            f"{self.loss} measures distances, and the targets are {_named(kind)}; on a"
            f" {self.head.activation} output its gradient fades where the network is sure and"
            " wrong.",
            measured("distinct targets", len(np.unique(self.targets, axis=0))), site=self.site,
            tries=self._suited())

    def binary_over_softmax(self) -> Finding | None:
        """Binary cross-entropy where the outputs sum to 1."""
        if not self.loss.startswith("binary") or self.head.activation != "softmax" or (
                self.head.units == 1):
            return None
        sums = self.targets.sum(axis=1)
        if np.allclose(sums, 1.0) and self.seen.goal.task.kind == "one-hot":
            tried, why = self._set("softmax", "categorical_crossentropy"), "exclude each other"
        else:
            tried, why = self._set("sigmoid", self.loss), "are independent of each other"
        return self.check.suspicion(
            f"{self.loss} judges each of the {self.head.units} outputs of the softmax by itself;"
            f" softmax makes them sum to 1, and the targets {why}.",
            measured("largest sum of a row of targets", float(sums.max()), 1.0), site=self.site,
            tries=tried)

    def categorical_over_sigmoids(self) -> Finding | None:
        """Categorical cross-entropy where the outputs need not sum to 1."""
        numbered = self.loss == "sparse_categorical_crossentropy" and (self.head.units or 0) > 1
        if not (numbered or self.loss == "categorical_crossentropy") or (
                self.head.activation != "sigmoid"):
            return None
        several = not numbered and not np.allclose(self.targets.sum(axis=1), 1.0)
        tried = self._set("sigmoid", "binary_crossentropy") if several else self._set(
            "softmax", self.loss)
        return self.check.suspicion(
            f"{self.loss} takes outputs that sum to 1, and {self.head.units} sigmoids do not.",
            measured("sigmoid outputs", self.head.units or 0, 1.0), site=self.site, tries=tried)

    def binary_on_numbers(self) -> Finding | None:
        """Binary cross-entropy where numbers are to be predicted."""
        seen = self.seen
        if not self.loss.startswith("binary") or seen.goal.task.kind != "real" or (
                seen.goal.is_autoencoder):
            return None
        return self.check.suspicion(
            f"{self.loss} is made for probabilities, and the targets are numbers from"
            f" {number(float(self.targets.min()))} to {number(float(self.targets.max()))}.",
            measured("distinct targets", len(np.unique(self.targets))), site=self.site,
            tries=self._set("linear", "mean_squared_error"))


def _named(kind: str) -> str:
    return {"one-hot": "classes, one column each", "binary": "of two kinds",
            "classes": "class numbers"}.get(kind, "whole numbers, as classes have")
