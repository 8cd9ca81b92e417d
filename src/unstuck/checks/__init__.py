"""What may keep a network from learning: one sickness a file.

A check looks at a recipe, its yardstick and its control population, and yields findings. It never
trains. A finding is a *suspicion* until a trial has been run, or a *fact* with its arithmetic; only
`trial.judge` says "cause". Each finding proposes interventions that would show it to be one.

A new check is one file: a frozen dataclass with its manual page, its thresholds as fields, and
`look`. Files whose name begins with an underscore hold what several checks ask: `_anatomy` of the
network, `_data` of the arrays, `_reach` of the optimizer, `_words` for messages, `_tries` for
interventions that need a value.

May import: interventions, goal, population, network, base.
Others take: `Check`, `Finding`, `Observation`, `all_checks`; no check by its name.
"""

from __future__ import annotations

import functools
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from unstuck.base.registry import discover
from unstuck.goal import Goal
from unstuck.interventions import Intervention
from unstuck.interventions.at_output import AtOutput
from unstuck.network import outputs
from unstuck.network.recipe import Recipe
from unstuck.population.population import Moment, Population, Readings

HEADINGS = (
    "What it sees",
    "Why learning stops",
    "What it tries",
    "Example",
    "When it is wrong",
    "References",
)
"""Every check's docstring is its manual page: a first sentence, then these `## headings`."""


LEARNS = 0.95
"""From this share of learning replicas on, a training counts as learning."""


class Family(Enum):
    """The part of a training that a check is about; `--select` takes these names too."""

    DATA = "data"
    LABELS = "labels"
    ARCHITECTURE = "architecture"
    ACTIVATION = "activation"
    INITIALIZATION = "initialization"
    LOSS = "loss"
    OPTIMIZER = "optimizer"
    SCHEDULE = "schedule"
    BATCH = "batch"
    REGULARIZATION = "regularization"
    NORMALIZATION = "normalization"
    EVALUATION = "evaluation"
    NUMERICS = "numerics"
    AUTOENCODER = "autoencoder"


_OF_TARGETS = frozenset({Family.LABELS, Family.EVALUATION, Family.AUTOENCODER})


class Certainty(Enum):
    """How sure a finding is before any trial."""

    SUSPICION = "suspicion"
    FACT = "fact"


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """A measured quantity beside its threshold. `replicas` of `of` showed it, where that counts."""

    quantity: str
    value: float
    threshold: float | None = None
    unit: str = ""
    replicas: int | None = None
    of: int | None = None


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What a check saw, where, and what to try.

    `message` is one or two plain sentences with the values in them; `site` is a key of
    `Recipe.sites` ("fit", "compile", "optimizer", "loss", "layer:NAME") or `None`.
    """

    check: str
    message: str
    certainty: Certainty
    evidence: tuple[Evidence, ...] = ()
    site: str | None = None
    interventions: tuple[Intervention, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Shown:
    """How many of the replicas that fail show a signature."""

    replicas: int
    of: int

    @property
    def share(self) -> float:
        """`replicas` / `of`; 0 where none fails."""
        return self.replicas / self.of if self.of else 0.0

    def __str__(self) -> str:
        return f"{self.replicas} of {self.of} failing trainings"


@dataclass(frozen=True, kw_only=True, eq=False)
class Observation:
    """All that a check may look at. `control` is the population as the script has it.

    `whole` is set where this is but one output of a network with several: its recipe and yardstick
    are that output's, the population is the whole network's.
    """

    recipe: Recipe
    goal: Goal
    control: Population
    whole: Observation | None = None

    @cached_property
    def failing(self) -> NDArray[np.bool_]:
        """Which replicas did not learn, shaped [replica]; for one output of several, those of all."""
        if self.whole is not None:
            return self.whole.failing
        failing: NDArray[np.bool_] = ~self.goal.learned(self.control)
        return failing

    @cached_property
    def outputs(self) -> tuple[Observation, ...]:
        """Each output of a network with several, as the only one; none where there is one."""
        parts = outputs.each(self.recipe)
        return tuple(Observation(recipe=part, goal=goal, control=self.control, whole=self)
                     for part, goal in zip(parts, self.goal.parts, strict=False))

    @property
    def learns(self) -> bool:
        """True where next to all replicas learn, so that there is nothing to explain."""
        return float(self.failing.mean()) <= 1.0 - LEARNS

    def readings(self, moment: Moment) -> Readings | None:
        """The probes' readings at that moment; `None` where none were taken."""
        return self.control.readings.get(moment)

    def shown(self, mask: NDArray[np.bool_]) -> Shown:
        """How many of the failing replicas a mask [replica] marks."""
        return Shown(replicas=int((mask & self.failing).sum()), of=int(self.failing.sum()))

    def typical(self, values: NDArray[Any], mask: NDArray[np.bool_] | None = None) -> float:
        """The median of values [replica] over the failing replicas that a mask marks."""
        chosen = self.failing if mask is None else self.failing & mask
        finite = values[chosen & np.isfinite(values)]
        return float(np.median(finite)) if len(finite) else float("nan")


@dataclass(frozen=True)
class Check(ABC):
    """A sickness. Its thresholds are the dataclass's fields, each with its reason beside it.

    One `of_targets`, or of a family that is (`_OF_TARGETS`), says nothing where a training has none,
    and is judged by what it minimises.

    Of two networks that are trained against each other only those `of_rivals` say something: nothing
    tells which replicas fail.

    Where next to all replicas learn, a signature is no sickness, and a check is not asked; only one
    with `always` speaks there too, about what is true and worth knowing of a healthy training.

    One `of_each_output` asks for the network's end, its targets or its loss, and nothing of the
    population but which replicas fail; where there are several outputs, it is asked about each.

    One `of_the_end` speaks of how a training ends, or of how long it is, and is not asked where only
    the first updates are trained.

    One that is `good_news` says that there is nothing to mend; one `of_rates` says how often trainings
    learn, for which a few of them are too few.

    One that `describes` says how trainings fail, not why: what it asks for is no more certain for being
    asked by a fact.

    `explains` names checks whose signatures may be nothing but consequences of this one: where both
    are seen, what this one asks for is tried before what they ask for, and a change that both ask for
    goes by this one's name.
    """

    family: ClassVar[Family]
    always: ClassVar[bool] = False
    of_each_output: ClassVar[bool] = False
    of_targets: ClassVar[bool] = False
    of_rivals: ClassVar[bool] = False
    of_the_end: ClassVar[bool] = False
    good_news: ClassVar[bool] = False
    of_rates: ClassVar[bool] = False
    describes: ClassVar[bool] = False
    explains: ClassVar[tuple[str, ...]] = ()

    # One unlucky replica is noise; a sickness that strikes a quarter of those that fail is not.
    often: float = 0.25

    @cached_property
    def name(self) -> str:
        """The name of its file, dashed: the check's one identity."""
        return name_of(type(self))

    @classmethod
    def manual(cls) -> str:
        """Its manual page."""
        module = sys.modules[cls.__module__]
        return (cls.__doc__ or module.__doc__ or "").strip()

    def findings(self, seen: Observation) -> Iterator[Finding]:
        """What this check sees; nothing where the network learns, unless it is one for `always`."""
        if not self.always and seen.learns:
            return
        if seen.goal.undecided and not self.of_rivals:
            return
        if seen.goal.by_loss and (
                self.of_targets or self.of_each_output or self.family in _OF_TARGETS):
            return
        if not self.of_each_output or not seen.outputs:
            yield from self.look(seen)
            return
        for name, part in zip(outputs.names(seen.recipe), seen.outputs, strict=True):
            for found in self.look(part):
                yield replace(found, message=f"Output {name!r}: {found.message}", interventions=tuple(
                    AtOutput.of(seen.recipe, name, change) for change in found.interventions))

    @abstractmethod
    def look(self, seen: Observation) -> Iterator[Finding]:
        """What this check sees, if anything, whether the network learns or not."""

    def fact(
        self, message: str, *evidence: Evidence, site: str | None = None,
        tries: tuple[Intervention, ...] = (),
    ) -> Finding:
        """A finding that needs no experiment to be true."""
        return self._finding(message, Certainty.FACT, evidence, site, tries)

    def suspicion(
        self, message: str, *evidence: Evidence, site: str | None = None,
        tries: tuple[Intervention, ...] = (),
    ) -> Finding:
        """A finding that only a trial can confirm."""
        return self._finding(message, Certainty.SUSPICION, evidence, site, tries)

    def _finding(
        self, message: str, certainty: Certainty, evidence: tuple[Evidence, ...],
        site: str | None, tries: tuple[Intervention, ...],
    ) -> Finding:
        return Finding(check=self.name, message=message, certainty=certainty,
                       evidence=evidence, site=site, interventions=tries)


def measured(
    quantity: str, value: float, threshold: float | None = None, unit: str = "",
    shown: Shown | None = None,
) -> Evidence:
    """Evidence in one line; `shown` says in how many replicas."""
    return Evidence(quantity=quantity, value=float(value), threshold=threshold, unit=unit,
                    replicas=shown.replicas if shown else None, of=shown.of if shown else None)


def name_of(cls: type[Check]) -> str:
    """The dashed name of the file that defines a check."""
    return cls.__module__.rpartition(".")[2].replace("_", "-")


def causes_first(names: Iterable[str]) -> tuple[str, ...]:
    """Names of checks, each once, those that another of them explains behind the others."""
    once = dict.fromkeys(names)
    known = all_checks()
    explained = {name for check in once if check in known for name in known[check].explains}
    return tuple(sorted(once, key=lambda name: name in explained))


@functools.cache
def all_checks() -> dict[str, type[Check]]:
    """Every check, by name."""
    return discover(sys.modules[__name__], Check)  # type: ignore[type-abstract]
