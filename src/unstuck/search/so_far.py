"""What is known so far, in half a line, for whoever watches."""

from __future__ import annotations

from collections.abc import Iterable

from unstuck.base.stats import Rate

from .arms import Arm


def so_far(control: Arm, tried: Iterable[Arm], proved: Rate | None) -> str:
    """How often the script learns, and the best that was found against that.

    Args:
        control: the script as it is.
        tried: the sets of changes that have replicas.
        proved: how often the best repair learned on fresh seeds.
    """
    if not len(control.learned):
        return ""
    own = f"{100 * control.rate:.0f} %"
    arms = [arm for arm in tried if not arm.is_placebo]
    if not arms:
        return f"{own} learn so far"
    if proved is not None:
        return f"yours {own}, a repair proved: {proved.successes} of {proved.trials}"
    best = max(arms, key=lambda arm: (arm.rate, len(arm.learned)))
    if not best.learned.all():
        return f"yours {own}, best of {len(arms)}: {100 * best.rate:.0f} %"
    what = "one change cures" if len(best.changes) == 1 else f"a set of {len(best.changes)} cures"
    return f"yours {own}, {what}: {len(best.learned)} of {len(best.learned)}"
