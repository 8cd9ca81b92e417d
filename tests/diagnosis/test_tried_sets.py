"""Which sets of changes are enough, which are the smallest, and which of many are shown."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from unstuck.diagnosis.scenes.sets import MOST_CHANGES, MOST_SETS, sets_of
from unstuck.result.pictures import TriedSets
from unstuck.search.arms import Arm


def arm(names: str, rate: float, kind: str = "width") -> Any:
    """Changes, a letter each, with which that share of 100 trainings learned."""
    changes: Any = tuple(SimpleNamespace(label=name, kind=kind) for name in names)
    return Arm(changes=changes, recipe=None,  # type: ignore[arg-type]
               learned=np.arange(100) < round(100 * rate))


def found(*arms: Any, repairs: tuple[Any, ...] = (), control: float = 0.1) -> TriedSets | None:
    """What is shown of an experiment that has tried these."""
    experiment = SimpleNamespace(control=arm("", control), tried=list(arms))
    cures = [SimpleNamespace(arm=repair) for repair in repairs]
    return sets_of(experiment, cures)  # type: ignore[arg-type]


def by_name(shown: TriedSets | None) -> dict[str, Any]:
    assert shown is not None
    return {"".join(one.changes): one for one in shown.sets}


def test_the_smallest_sets_that_are_enough() -> None:
    both = arm("ab", 0.98)
    shown = found(arm("a", 0.2), arm("b", 0.3), both, arm("abc", 1.0), arm("c", 0.1),
                  arm("cd", 0.96), arm("p", 0.1, "placebo"), repairs=(both,))  # fmt: skip
    sets = by_name(shown)
    assert shown is not None and (shown.tried, shown.enough) == (6, 0.95)
    assert list(sets) == ["", "c", "a", "b", "cd", "ab", "abc"]
    assert [name for name, one in sets.items() if one.enough] == ["cd", "ab", "abc"]
    assert [name for name, one in sets.items() if one.smallest] == ["cd", "ab"]
    assert [one.repair for one in sets.values()] == [None] * 5 + [1, None]
    assert (sets["ab"].successes, sets["ab"].replicas, sets[""].success_rate) == (98, 100, 0.1)
    assert sets["ab"].ci95[0] < 0.98 < sets["ab"].ci95[1]


def test_without_anything_tried_together_there_is_nothing_to_show() -> None:
    assert found(arm("a", 0.2), arm("b", 1.0)) is None
    assert found() is None


def test_of_many_sets_those_are_shown_that_tell_most() -> None:
    letters = "abcdefghijklmnopqrst"
    pairs = [arm(one + other, 0.05 + 0.01 * i) for i, one in enumerate(letters)
             for other in letters[:i]]  # fmt: skip
    cure = arm("tab", 0.99)
    shown = found(*(arm(x, 0.1) for x in letters), *pairs, cure, repairs=(cure,))
    sets = by_name(shown)
    assert len(sets) <= MOST_SETS and {"", "t", "a", "b", "tab", "ta", "tb"} <= set(sets)
    assert len(set("".join(sets))) <= MOST_CHANGES
    assert all(one.success_rate > 0.1 for name, one in sets.items()
               if len(name) == 2 and not set(name) < set("tab"))


def test_where_nothing_is_enough_what_was_tried_is_shown() -> None:
    sets = by_name(found(arm("a", 0.0), arm("b", 0.0), arm("ab", 0.0), control=0.0))
    assert list(sets) == ["", "a", "b", "ab"] and not any(one.enough for one in sets.values())
