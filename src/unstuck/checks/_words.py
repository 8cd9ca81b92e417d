"""Numbers in messages, as a person would write them."""

from __future__ import annotations

import math


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
