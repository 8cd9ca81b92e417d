"""Numbers in messages, as a person would write them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def number(value: float) -> str:
    """Three significant digits; whole numbers in full, with commas."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "infinity" if value > 0 else "-infinity"
    if value == round(value) and abs(value) < 1e9:
        return f"{int(value):,}"
    if 1000 <= abs(value) < 1e9:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def percent(share: float) -> str:
    """A share from 0 to 1 in percent; below 10 % with the digits that matter."""
    return f"{100 * share:.3g} %" if 0 < share < 0.1 else f"{100 * share:.0f} %"


def count(amount: int, thing: str, things: str = "") -> str:
    """1 unit, 2 units."""
    return f"{amount:,} {thing if amount == 1 else things or thing + 's'}"


def columns(numbers: Sequence[int], kind: str, names: Sequence[str] = ()) -> str:
    """Input column 3; input columns 0, 2 and 5 (counted from 0), the first six of them.

    They are told by their names where `names` has one for each column there is.
    """
    shown = ", ".join(column(number, names) for number in numbers[:6])
    more = "" if len(numbers) <= 6 else f" and {len(numbers) - 6:,} more"
    counted = "" if names else " (counted from 0)"
    return f"{kind} column{'s' * (len(numbers) > 1)} {shown}{more}{counted}"


def column(number: int, names: Sequence[str] = ()) -> str:
    """A column by its name, where it has one, or by its number from 0."""
    return repr(names[number]) if number < len(names) else str(number)


LISTED = 4
"""So many different counts are told one by one."""


def tally(values: NDArray[np.floating] | NDArray[np.integer]) -> str:
    """How often each count [replica] was met: "1 in 62 trainings, 3 in 73"; of many their range."""
    found, often = np.unique(values, return_counts=True)
    if len(found) <= LISTED:
        told = [f"{number(float(one))} in {times:,}"
                for one, times in zip(found, often, strict=True)]
        return ", ".join((told[0] + (" training" if often[0] == 1 else " trainings"), *told[1:]))
    return (f"{number(float(found[0]))} to {number(float(found[-1]))},"
            f" {number(float(np.median(values)))} in the median")
