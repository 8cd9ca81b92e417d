"""Every number that a diagnosis states of the script as it is, worked out again from its arrays.

What is worked out here shares no code with what states it: losses and scores tell who learned, which
way a training ended, and with scipy's clustering which inputs come out alike; the codes tell how many
inputs still differ in them.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.stats import binomtest

from unstuck.diagnosis.diagnosis import Diagnosis
from unstuck.result.results import FindingInfo, Mode, Result

Array = NDArray[Any]
Pairs = frozenset[tuple[int, int]]

ALIKE, SAME = 0.15, 1e-6
"""Outputs nearer than this share of the targets' range are one; codes that differ by less are too."""
_VECTOR = re.compile(r"\[[^\]]*\]")
_FAILING = re.compile(r"([\d,]+) of ([\d,]+) failing trainings")
_COUNT = r"(\d+) in (\d{1,3}(?:,\d{3})*)"
_TALLY = re.compile(rf"(?:behind it|Of them are left): (?P<tally>{_COUNT} trainings?(?:, {_COUNT})*)")
_WAYS = re.compile(r"\((?P<all>[\d,]+)\): (?P<ways>.*)$")


def assert_replays(diagnosis: Diagnosis) -> Counter[str]:
    """Raises AssertionError where a number is another one; returns how many of each sort there were."""
    return _Replay(diagnosis).looked


class _Replay:
    def __init__(self, diagnosis: Diagnosis) -> None:
        self.result: Result = diagnosis.result
        self.arrays = diagnosis.arrays
        self.looked: Counter[str] = Counter()
        self.loss = np.asarray(self.arrays["control/final_loss"], float)
        score = np.asarray(self.arrays["control/score"])[:, 0]
        self.learned = np.nan_to_num(score, nan=-np.inf) >= self.result.goal.threshold - 1e-9
        if self.result.goal.asked is None and np.isfinite(self.loss).all():
            self._rates()
            self._modes()
        for finding in (*self.result.facts, *self.result.suspicions):
            self._finding(finding)
        self._codes_in_the_median()

    def _rates(self) -> None:
        said = self.result.population
        assert (said.replicas, said.successes) == (len(self.loss), int(self.learned.sum()))
        assert said.success_rate == pytest.approx(self.learned.mean())
        exact = binomtest(said.successes, said.replicas).proportion_ci(method="wilson")
        assert said.ci95 == pytest.approx((exact.low, exact.high), abs=0.02)
        assert said.loss.median == pytest.approx(np.median(self.loss), rel=1e-5)
        self.looked["rates"] += 1

    def _modes(self) -> None:
        rungs = [self.result.goal.floor or 0.0, *(rung.loss for rung in self.result.goal.ladder)]
        nearest = np.abs(self.loss[:, None] - np.asarray(rungs)).argmin(1)
        ends = np.where(self.learned, 0, np.maximum(nearest, 1) if self.result.goal.ladder else 1)
        left = {end: np.flatnonzero(ends == end) for end in set(ends.tolist())}
        for mode in self.result.population.modes:
            end = min(left, key=lambda one: (len(left[one]) != round(mode.share * len(ends)),
                                             abs(np.median(self.loss[left[one]]) - mode.loss)))
            members = left.pop(end)
            assert mode.share == pytest.approx(len(members) / len(ends))
            assert mode.loss == pytest.approx(np.median(self.loss[members]), rel=1e-5)
            self.looked["modes"] += 1
            if "control/outputs" in self.arrays and self.result.rows:
                self._reading(mode, members)
        assert not left

    def _reading(self, mode: Mode, members: Array) -> None:
        said, rows = mode.reading, len(self.result.rows)
        pairs = [self._alike(member) for member in members]
        every = frozenset((i, j) for i in range(rows) for j in range(i + 1, rows) if self._differ(i, j))
        self.looked["groups"] += 1
        if said == "every input comes out right":
            assert self.learned[members].all()
        elif said == "every input comes out the same":
            assert all(one == every for one in pairs)
        elif said == "no two inputs come out alike, but not as they should":
            assert not any(pairs)
        elif (several := _WAYS.search(said)) is not None:
            assert _whole(several["all"]) == len(members)
            counted = Counter(pairs)
            ways = re.findall(r"(none|all|\d+ other ways|\[.*?) in ([\d,]+)(?:, |$)", several["ways"])
            assert sum(_whole(count) for _, count in ways) == len(members)
            for way, count in ways:
                if not way.endswith("other ways"):
                    stated = every if way == "all" else self._stated(way.split(" beside "))
                    assert counted[stated] == _whole(count), (said, way)
        elif "come out alike" in said and "inputs" not in said:
            stated = self._stated(part for part in said.split("; ") if "alike" in part)
            assert all(one == stated for one in pairs), said
        else:
            self.looked["groups"] -= 1

    def _stated(self, groups: Any) -> Pairs:
        """The pairs that groups in words name."""
        found: set[tuple[int, int]] = set()
        for group in groups:
            named = sorted(self._row(vector) for vector in _VECTOR.findall(group))
            found |= {(i, j) for i in named for j in named if i < j and self._differ(i, j)}
        return frozenset(found)

    def _row(self, vector: str) -> int:
        values = tuple(float(part) for part in vector.strip("[]").split(","))
        return self.result.rows.index(values)

    def _differ(self, i: int, j: int) -> bool:
        return self.result.targets[i] != self.result.targets[j]

    def _alike(self, member: int) -> Pairs:
        """The pairs of inputs with other targets that come out alike in a replica."""
        outputs = np.asarray(self.arrays["control/outputs"][member], float)
        outputs = outputs.reshape(len(outputs), -1)
        size = float(np.ptp(np.asarray(self.result.targets))) or 1.0
        groups = fcluster(linkage(outputs, "complete", "chebyshev"), ALIKE * size, "distance")
        return frozenset((i, j) for i in range(len(groups)) for j in range(i + 1, len(groups))
                         if groups[i] == groups[j] and self._differ(i, j))

    def _finding(self, finding: FindingInfo) -> None:
        failing = int((~self.learned).sum())
        for some, of in _FAILING.findall(finding.message):
            assert _whole(of) == failing, finding.message
            assert 0 < _whole(some) <= failing, finding.message
            self.looked["failing"] += 1
        layer = self.result.code_layer
        tally = _TALLY.search(finding.message)
        if tally is None or "control/codes" not in self.arrays or f" {layer} (" not in finding.message:
            return
        stated = {int(count): _whole(replicas)
                  for count, replicas in re.findall(_COUNT, tally["tally"])}
        there = Counter(self._different_codes()[~self.learned].tolist())
        total = _FAILING.findall(finding.message)[0][0]
        assert sum(stated.values()) == _whole(total), finding.message
        for count, replicas in stated.items():
            # Where inputs were one before they reached the layer, it is not the layer that merged them.
            assert 0 < replicas <= there[count], finding.message
        self.looked["codes"] += 1

    def _different_codes(self) -> Array:
        """How many inputs still differ in the code, shaped [replica]."""
        codes = np.asarray(self.arrays["control/codes"], float)
        codes = codes.reshape(*codes.shape[:2], -1)
        found = []
        for code in codes:
            near = SAME * max(np.abs(code).max(), 1e-30)
            far = np.abs(code[:, None] - code).max(-1) > near
            found.append(1 + sum(bool(far[i, :i].all()) for i in range(1, len(code))))
        return np.asarray(found)

    def _codes_in_the_median(self) -> None:
        layer = self.result.code_layer
        said = self.result.population.distinct_by_layer.get(layer or "")
        if said is not None and "control/codes" in self.arrays:
            assert said == float(np.median(self._different_codes()))
            self.looked["codes in the median"] += 1


def _whole(text: str) -> int:
    return int(text.replace(",", ""))
