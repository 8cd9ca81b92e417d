"""Numbers as people read them: shares, effects, losses, counts, times.

A share that is not 0 or 1 is never written "0 %" or "100 %", but with the decimals that it takes.
The blanks inside a quantity are no-break spaces, so that no line ends between "19" and "%".
"""

from __future__ import annotations

import math
import re

from unstuck.result.results import Arm, Fit, Interval, Mode, PutBack, Repair, Result

NBSP = "\u00a0"
_INTERVAL = re.compile(f", 95{NBSP}%{NBSP}CI{NBSP}[^)]*")
_EXACT = 1e-9  # an interval's bound this near to 0 or 1 is that bound, up to rounding


def _percent_number(share: float) -> str:
    if math.isnan(share):
        return "?"
    percent = 100 * share
    if abs(share) < _EXACT or abs(share - 1) < _EXACT:
        return f"{round(percent)}"
    if 0.95 <= percent <= 99:
        return f"{percent:.0f}"
    written = (f"{percent:.{digits}f}" for digits in range(1, 9))
    return next(text for text in written if float(text) not in (0.0, 100.0))


def percent(share: float) -> str:
    """A share from 0 to 1: "19 %", "99.6 %"."""
    return f"{_percent_number(share)}{NBSP}%"


def percent_interval(interval: Interval) -> str:
    """An interval of a share: "14–24 %"."""
    return f"{_percent_number(interval[0])}–{_percent_number(interval[1])}{NBSP}%"


def of(part: int, whole: int) -> str:
    """Some of so many: "48 of 256"."""
    return f"{part:,}{NBSP}of{NBSP}{whole:,}"


def rate(successes: int, trials: int, interval: Interval) -> str:
    """A success rate with its interval: "48 of 256 (19 %, 95 % CI 14–24 %)"."""
    if not trials:
        return of(0, 0)
    share = percent(successes / trials)
    ci = f"95{NBSP}%{NBSP}CI{NBSP}{percent_interval(interval)}"
    return f"{of(successes, trials)} ({share}, {ci})"


def without_interval(text: str) -> str:
    """A sentence of the verdict without the intervals of its rates."""
    return _INTERVAL.sub("", text)


def repair_rate(repair: Repair) -> str:
    """A repair's success rate on fresh seeds."""
    return rate(repair.successes, repair.replicas, repair.ci95)


def _points_number(difference: float, *, sign: bool) -> str:
    points = 100 * difference
    if math.isnan(points):
        return "?"
    if abs(points) < _EXACT:
        return "0"
    if abs(points) < 0.05:
        digits = "0.0"
    else:
        digits = f"{abs(points):.1f}" if abs(points) < 0.95 else f"{abs(points):.0f}"
    return ("−" if points < 0 else "+" if sign else "") + digits


def points(difference: float, interval: Interval, *, unit: bool = False) -> str:
    """A difference of shares with its interval, in points: "+72 [66, 77]"."""
    middle = f"{NBSP}points" if unit else ""
    low, high = (_points_number(bound, sign=False) for bound in interval)
    return f"{_points_number(difference, sign=True)}{middle}{NBSP}[{low},{NBSP}{high}]"


def effect(arm: Arm, *, unit: bool = False) -> str:
    """What an arm did to the success rate."""
    return points(arm.difference, arm.ci95, unit=unit)


def turned(arm: Arm) -> str:
    """How many trainings a change turned either way."""
    return f"{arm.rescued:,}{NBSP}rescued, {arm.broken:,}{NBSP}broken"


def p_values(shown: Arm | PutBack) -> str:
    """The p-value of what was shown, alone and among all."""
    return f"{_p('p', shown.p)}, {_p('Holm', shown.p_holm)}"


def _p(name: str, value: float) -> str:
    return f"{name}{NBSP}<{NBSP}1e−12" if value < 1e-12 else f"{name}{NBSP}={NBSP}{number(value)}"


def number(value: float) -> str:
    """A loss, a score or an output in about three figures: "0.173", "1.2e10"."""
    if math.isnan(value):
        return "not a number"
    if math.isinf(value):
        return "infinite" if value > 0 else "−infinite"
    size = abs(value)
    if size < 1e-12:
        return "0"
    sign = "−" if value < 0 else ""
    if size >= 1e5 or size < 1e-3:
        mantissa, _, exponent = f"{size:.2e}".partition("e")
        mantissa = mantissa.rstrip("0").rstrip(".")
        return f"{sign}{mantissa}e{int(exponent)}".replace("e-", "e−")
    if size >= 100:
        return f"{sign}{size:,.0f}"
    text = f"{size:.3g}"
    return sign + (text.rstrip("0").rstrip(".") if "." in text else text)


def one_in(share: float) -> str:
    """A rare share of times: "1 in 1,400 times"; rarer than one in a million is never."""
    if share < 1e-6:
        return "never"
    return f"1 in {_round(1 / share):,} times"


def _round(number: float) -> int:
    """Down to two figures, so that no error rate is told smaller than it is."""
    unit: int = 10 ** max(0, len(str(int(number))) - 2)
    return int(number) // unit * unit


def count(value: int, singular: str = "", plural: str = "") -> str:
    """A count with its noun: "1 edit", "1,200 updates"."""
    if not singular:
        return f"{value:,}"
    return f"{value:,}{NBSP}{singular if value == 1 else plural or singular + 's'}"


def distinct_rows(fit: Fit) -> str:
    """How many different rows there are; those held back for validation may be among them."""
    held = " with those held back" if fit.distinct_rows > fit.rows else ""
    return f"{count(fit.distinct_rows)} distinct{held}"


def duration(seconds: float) -> str:
    """A time: "0.4 s", "41 s", "2 min 5 s"."""
    if seconds < 9.95:
        return f"{seconds:.1f}{NBSP}s"
    minutes, rest = divmod(round(seconds), 60)
    if not minutes:
        return f"{rest}{NBSP}s"
    return f"{minutes}{NBSP}min" + (f"{NBSP}{rest}{NBSP}s" if rest else "")


def vector(values: tuple[float, ...], digits: int = 2) -> str:
    """Numbers between brackets, whole ones as such: "[0, 1]"; "[0.02, 0.98]"."""
    if all(math.isfinite(v) and v == round(v) and abs(v) < 1e6 for v in values):
        return "[" + f",{NBSP}".join(f"{round(v)}" for v in values).replace("-", "−") + "]"
    return "[" + f",{NBSP}".join(fixed(v, digits) for v in values) + "]"


def fixed(value: float, digits: int = 2) -> str:
    """A number with fixed decimals where that shows it, for columns."""
    if not math.isfinite(value) or abs(value) >= 1e4:
        return number(value)
    return f"{value + 0.0:.{digits}f}".replace("-", "−")


def mode_count(mode: Mode, result: Result) -> int:
    """In how many trainings of the population a mode is the end."""
    return round(mode.share * result.population.replicas)


def first_upper(text: str) -> str:
    """A text that begins a sentence."""
    return text[:1].upper() + text[1:]


def listed(items: list[str], last: str = "and") -> str:
    """A list in a sentence: "a, b and c"."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} {last} {items[-1]}"
