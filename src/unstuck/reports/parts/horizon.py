"""What is said of trainings that ended before the script's own do; the same words in every report."""

from __future__ import annotations

from unstuck.result.results import Full, Horizon, Repair, Result

from . import words


def within(result: Result) -> str:
    """ "within the first 200 of 9,380 updates"; empty where trainings are whole."""
    if result.horizon is None:
        return ""
    return (f"within the first {words.count(result.horizon.updates)} of"
            f" {words.count(result.horizon.of, 'update')}")


def learning(result: Result) -> str:
    """What is asked of a training: "learning", or "beginning to learn"."""
    return "learning" if result.horizon is None else "beginning to learn"


def aside(result: Result, *, lead: str = ", ") -> str:
    """The same as `within` behind a figure, with what leads to it."""
    return f"{lead}{within(result)}" if result.horizon is not None else ""


def too_early(repair: Repair) -> str:
    """Of a repair that does not last: " To the end, 0 of 4 learned with it: that is no cure yet."."""
    if repair.whole is None or repair.lasts:
        return ""
    return f" To the end, {words.of(*repair.whole)} learned with it: that is no cure yet."


def in_short(result: Result) -> list[str]:
    """The same in a line or two: what it is about, and what whole trainings showed."""
    horizon = result.horizon
    if horizon is None:
        return []
    said = [f"All of this is about the first {words.count(horizon.updates)} of"
            f" {words.count(horizon.of, 'update')}{_on_rows(horizon)}: what shows only later is not"
            " looked at."]
    if horizon.full is not None:
        said.append(_to_the_end(result, horizon.full))
    return said


def told(result: Result) -> list[str]:
    """What the horizon means for all that follows, what whole trainings showed, and what comes next."""
    horizon = result.horizon
    if horizon is None:
        return []
    said = [
        f"All that is said here is about the first {words.count(horizon.updates)} of"
        f" {words.count(horizon.of, 'update')}{_on_rows(horizon)}. “Learned” means that learning has"
        " begun by then. What shows only later is not looked at: too few epochs, overfitting, a late"
        " end. --horizon N looks further, --horizon full to the end."]
    if horizon.full is not None:
        said.append(_to_the_end(result, horizon.full))
    elif result.repairs:
        said.append("Whether the repaired script learns to its end was not tried: there was no time for"
                    " whole trainings.")
    if horizon.next:
        time = "" if horizon.seconds is None else f", about {words.duration(horizon.seconds)}"
        said.append(f"The budget ended before more could be tried. Next would be:"
                    f" {words.listed(list(horizon.next))}{time}.")
    return said


def _on_rows(horizon: Horizon) -> str:
    if horizon.rows >= horizon.of_rows:
        return ""
    return f", on {words.count(horizon.rows)} of the {words.count(horizon.of_rows, 'row')}"


def _to_the_end(result: Result, full: Full) -> str:
    """What whole trainings showed, by the yardstick of whole trainings."""
    own = f"{words.of(full.own, full.replicas)} trainings of your script as it is"
    best = result.repairs[0] if result.repairs else None
    whole, lasts = (None, True) if best is None else (best.whole, best.lasts)
    with_it = "" if full.repaired is None else (
        f"{words.of(*whole or (full.repaired, full.replicas))} with the"
        f" {'repair' if lasts else 'change'} and ")
    scores = words.number(full.own_score) if full.repaired_score is None else (
        f"{words.number(full.repaired_score)} and {words.number(full.own_score)}")
    return (f"To the end, by the yardstick of whole trainings: {with_it}{own} learned"
            f" ({result.goal.metric} of a usual one: {scores};"
            f" {words.number(full.threshold)} is needed)."
            f"{' So few tell no rate.' if full.replicas < _FEW else ''}")


_FEW = 16
"""Whole trainings from which their number says how often a training learns."""
