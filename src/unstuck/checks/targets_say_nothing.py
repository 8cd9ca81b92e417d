"""Targets that do not depend on the inputs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from . import Check, Family, Finding, Observation, measured
from ._words import number


@dataclass(frozen=True)
class TargetsSayNothing(Check):
    """No plain method finds any dependence of the targets on the inputs.

    ## What it sees
    The cross-validated scores of linear or logistic regression, nearest neighbours, boosted
    trees, for numbers kernel regression, and of very many columns the few that say most, on this
    data, against that of the best constant output. It speaks where none is better and the
    network fails too.

    ## Why learning stops
    There is nothing to learn: inputs and targets are out of step (shuffled separately, shifted by a
    row), the labels are noise, or the columns that matter are missing. Beyond memorising, no
    network can do better than a constant.

    ## What it tries
    Nothing: no change to the network cures the data. Look at how inputs and targets were put
    together.

    ## Example
        rng.shuffle(x); model.fit(x, y)                        # rows no longer match: sick
        order = rng.permutation(len(x)); x, y = x[order], y[order]    # both alike: cured

    ## When it is wrong
    Plain methods do not see everything: parities of many bits, or motifs anywhere in a sequence,
    look like noise to them all.

    ## References
    Ojala and Garriga 2010, Permutation Tests for Studying Classifier Performance, JMLR 11.
    """

    family: ClassVar[Family] = Family.LABELS
    of_each_output: ClassVar[bool] = True

    def look(self, seen: Observation) -> Iterator[Finding]:
        """What the references reach."""
        goal = seen.goal
        if not goal.no_signal or not goal.references or (
                seen.whole is None and goal.holds(seen.control)):
            return
        best = max(goal.references, key=goal.references.__getitem__)
        yield self.fact(
            f"On rows held out, the best of {len(goal.references)} plain methods ({best}) has a"
            f" score of {number(goal.references[best])} and a constant output"
            f" {number(goal.constant)} ({goal.metric}): none sees that the"
            " inputs say anything about the targets. Look at the step in which rows and targets were"
            " parted from each other: what is dropped, moved or shuffled in one has to be so in the"
            " other.",
            *(measured(f"{goal.metric} of {name}", score, goal.constant)
              for name, score in goal.references.items()),
            site="fit",
        )
