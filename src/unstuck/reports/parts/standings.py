"""How one training stands to another, in words."""

from __future__ import annotations

from unstuck.result.comparisons import Comparison, Standing

from . import words

NAMES = {"success": "success rate", "score": "score", "loss": "final loss"}
"""The metrics as they are called in sentences."""


def sentence(found: Comparison) -> str:
    """The verdict in a sentence."""
    first = found.standings[0]
    what = NAMES[first.metric]
    by = difference(first)
    if found.placebo_worked:
        return "A in another order differs from A as well, so that nothing can be told apart."
    if found.verdict == "no difference":
        return f"The {what} of B and A differ by no more than {_size(first, first.margin)} ({by})."
    if found.verdict == "undecided":
        more = "" if first.to_decide is None else (
            f"; about {first.to_decide - first.pairs:,} more pairs would decide, if it stays so")
        return f"By the {what} neither is shown to be better ({by}){more}."
    return f"By the {what} B is {found.verdict} than A: {by}."


def difference(standing: Standing) -> str:
    """B minus A with its 95 % interval, and who won."""
    if standing.metric == "success":
        told = words.points(standing.difference, standing.ci95, unit=True)
    else:
        # A loss is told as it is: lower where B is better.
        sign, ends = (-1, standing.ci95[::-1]) if standing.metric == "loss" else (1, standing.ci95)
        value, low, high = (sign * number + 0.0 for number in (standing.difference, *ends))
        told = f"{'+' if value > 0 else ''}{words.number(value)} [{words.number(low)},"
        told += f" {words.number(high)}]"
    return f"{told}, {standing.won:,} won, {standing.lost:,} lost"


def _size(standing: Standing, value: float) -> str:
    return f"{100 * value:.3g} points" if standing.metric == "success" else words.number(value)
