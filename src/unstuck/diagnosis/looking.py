"""What the checks see in the population of a script as it is."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass, replace

from unstuck.capture import Captured
from unstuck.checks import Certainty, Check, Family, Finding, Observation, all_checks
from unstuck.script import Ignore, ignores
from unstuck.search.experiment import Experiment

from .options import Options


@dataclass(kw_only=True)
class Looking:
    """The checks that are asked, and what the script's comments say of them.

    - `skipped`: why a check has nothing to say, by its name; added to.
    - `notes`: comments that ignore nothing; added to.
    - `replicas`: how many were there at the last look.
    """

    captured: Captured
    options: Options
    skipped: dict[str, str]
    notes: list[str]
    replicas: int = 0

    def look(self, experiment: Experiment) -> list[Finding]:
        """What the checks find, without what the script's comments ask to ignore."""
        return self._heeded(self._found(experiment))

    def again(self, experiment: Experiment, before: Sequence[Finding]) -> list[Finding]:
        """The same findings, counted over all replicas there are by now.

        What they propose stays as it was when the search began: that is what was tried. One that more
        replicas do not show any more is left out, and none is new.
        """
        population = experiment.control.population
        assert population is not None
        if not before or population.replicas == self.replicas:
            return list(before)
        now: dict[tuple[str, str | None, Certainty], deque[Finding]] = defaultdict(deque)
        for found in self._found(experiment):
            now[_key(found)].append(found)
        return [replace(now[_key(old)].popleft(), interventions=old.interventions)
                for old in before if now[_key(old)]]

    def _found(self, experiment: Experiment) -> list[Finding]:
        population = experiment.control.population
        assert population is not None
        self.replicas = population.replicas
        seen = Observation(recipe=experiment.control.recipe, goal=experiment.goal, control=population)
        found: list[Finding] = []
        for check in self._checks(at_a_horizon=experiment.horizon is not None):
            try:
                found.extend(check.findings(seen))
            except Exception as error:
                self.skipped[check.name] = f"the check itself failed: {error!r}"
        if experiment.goal.nothing_to_learn:
            found = [one for one in found if one.certainty is Certainty.FACT
                     and all_checks()[one.check].family in (Family.DATA, Family.LABELS)]
        return found

    def _heeded(self, found: list[Finding]) -> list[Finding]:
        """What the script's comments do not ask to ignore; one that ignores nothing is noted."""
        script = self.captured.script
        for ignore in () if script is None else ignores(script.text):
            meant = [finding for finding in found if self._is_meant(finding, ignore)]
            found = [finding for finding in found if finding not in meant]
            names = {finding.check for finding in meant}
            self.skipped |= dict.fromkeys(names, f"ignored by line {ignore.at}")
            self.notes += [
                f"line {ignore.at} ignores {name}, which "
                + ("has nothing to say there" if name in all_checks() else "is no check")
                for name in sorted(ignore.names - names - self.skipped.keys())]
        return found

    def _is_meant(self, finding: Finding, ignore: Ignore) -> bool:
        if ignore.names and finding.check not in ignore.names:
            return False
        span = self.captured.recipe.sites.get(finding.site or "")
        return ignore.line is None or (
            span is not None and span.line <= ignore.line <= span.end_line)

    def _checks(self, *, at_a_horizon: bool) -> list[Check]:
        chosen = []
        select, ignore = set(self.options.select), set(self.options.ignore)
        for name, cls in all_checks().items():
            if select and not select & {name, cls.family.value}:
                self.skipped[name] = "not selected"
            elif ignore & {name, cls.family.value}:
                self.skipped[name] = "ignored as asked"
            elif not (at_a_horizon and cls.of_the_end):
                chosen.append(cls())
        return chosen


def _key(finding: Finding) -> tuple[str, str | None, Certainty]:
    return finding.check, finding.site, finding.certainty
