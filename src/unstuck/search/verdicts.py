"""The verdicts on single changes, and what time is left for making them sharper."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby, islice

from unstuck.base.stats import LOOKS, PairedEffect

from .arms import Arm, names
from .candidates import Candidate
from .experiment import Experiment
from .looks import Looks
from .proof import PROOF, Proofs
from .trial import NEGLIGIBLE, USEFUL, Judged, Trial, judge

QUICK = 0.1
"""Share of the time left that may go into deciding one verdict with more replicas than arms have."""


class Verdicts:
    """What is said of each single change in one experiment, those that a cure needs in its company.

    `candidates`: the single changes, with the checks that asked for them.
    """

    def __init__(
        self, experiment: Experiment, proofs: Proofs, candidates: Sequence[Candidate]
    ) -> None:
        self.experiment, self.proofs = experiment, proofs
        self._checks = {candidate.change: candidate.checks for candidate in candidates}

    def judged(self) -> list[Judged]:
        """Every single change that was tried or put back, with its verdict."""
        experiment, backs = self.experiment, self.proofs.put_backs
        trials = [experiment.trial(arm) for arm in experiment.tried if len(arm.changes) == 1]
        tried = {trial.changes[0] for trial in trials}
        never = dict.fromkeys(back.change for back in backs if back.change not in tried)
        trials += [Trial(changes=(change,), control=experiment.control.learned[:0],
                         treatment=experiment.control.learned[:0], checks=self._checks.get(change, ()))
                   for change in never]
        return judge(trials, backs)

    def sharpen(self, looks: Looks, *, likely: bool) -> None:
        """Give further looks to the arms whose verdict is open, those in a cure first.

        No further one is begun for which these `looks` have no room, nor for an arm that would not come
        to a verdict within it. Where only what is `likely` to be told is asked for: what a check asks
        for, what a cure is made of, and what seems to help or harm.
        """
        experiment = self.experiment
        in_cures = {change for cure in self.proofs.cures for change in cure.arm.changes}
        while True:
            open_arms = [j for j in self.judged()
                         if len(j.trial.treatment) < self._most(j) and self._may_change(j)
                         and (not likely or j.trial.changes[0] in in_cures or j.trial.checks
                              or _is_seen(j.effect)) and self._comes_to_a_verdict(j, looks)]
            open_arms.sort(key=lambda j: (j.trial.changes[0] not in in_cures,
                                          len(j.trial.treatment), -j.effect.difference))
            grown = False
            for target, arms in self._further(open_arms):
                while arms and not looks.have_room(
                        sum(experiment.costs.of(arm, target - len(arm.learned)) for arm in arms),
                        sum(target - len(arm.learned) for arm in arms)):
                    arms.pop()
                if not arms:
                    continue
                experiment.progress.stage("sharpening the verdict on "
                                   + ", ".join(names(arm.changes) for arm in arms), target)
                experiment.run_all(arms, target)
                grown = grown or any(len(arm.learned) >= target for arm in arms)
            if not grown:
                return

    def _comes_to_a_verdict(self, judged: Judged, looks: Looks) -> bool:
        """False where there is no room for the pairs that an open verdict will take, as it looks."""
        arm = self.experiment.arm(judged.trial.changes)
        if judged.verdict != "undecided" or arm is None:
            return arm is not None
        more = (judged.to_decide or self._most(judged)) - len(arm.learned)
        return looks.have_room(self.experiment.costs.of(arm, more), more)

    def _further(self, judged: Sequence[Judged]) -> Iterator[tuple[int, list[Arm]]]:
        """How many replicas each arm gets next, in this order; as many arms as run best at a time."""
        due = [(min(next(n for n in LOOKS if n > len(arm.learned)), self._most(j)), arm)
               for j in judged if (arm := self.experiment.arm(j.trial.changes)) is not None]
        for target, some in groupby(due, key=lambda pair: pair[0]):
            while few := [arm for _, arm in islice(some, self.experiment.costs.beside)]:
                yield target, few

    @staticmethod
    def _may_change(judged: Judged) -> bool:
        """True where more replicas may lead to another verdict."""
        effect = judged.effect.difference
        return (judged.verdict == "undecided"
                or (judged.verdict == "contributes" and effect >= USEFUL)
                or (judged.verdict == "acquitted" and effect < -NEGLIGIBLE))

    def _most(self, judged: Judged) -> int:
        """Replicas at which an arm is left alone: more where few more seconds would decide it."""
        experiment, arm = self.experiment, self.experiment.arm(judged.trial.changes)
        if arm is None or judged.to_decide is None or judged.to_decide > PROOF or experiment.most < 256:
            return experiment.most
        more = max(experiment.most, PROOF)
        quick = experiment.costs.of(arm, more - len(arm.learned)) <= QUICK * experiment.left
        return more if quick else experiment.most


def _is_seen(effect: PairedEffect) -> bool:
    """True where rescued and broken differ by more than chance usually brings: a standard deviation."""
    return (effect.rescued - effect.broken) ** 2 > effect.rescued + effect.broken
