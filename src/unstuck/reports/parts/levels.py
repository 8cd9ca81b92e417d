"""Where a loss lies between what the data allows and what ignores it: floor, plain methods, you."""

from __future__ import annotations

import math

from unstuck.result.results import Level, Result

from . import words


def sentence(result: Result) -> str:
    """ "Your loss cannot go below …; …; you are at …"; empty where there is nothing to compare."""
    levels = result.goal.levels
    if len(levels) < 2:
        return ""
    floor = next((level for level in levels if level.bound == "floor"), None)
    others = [level for level in levels if level.bound != "floor"]
    parts = ["" if floor is None else _floor(result, floor)]
    reached = [f"{level.name} {'has' if i else 'reaches'} {words.number(level.loss)}"
               for i, level in enumerate(others)]
    own = result.own_run
    loss = own.loss if own is not None and own.loss is not None else result.population.loss.median
    if math.isfinite(loss):
        reached.append(f"you are at {words.number(loss)}")
    parts.append(f"{words.first_upper(words.listed(reached))}.")
    return " ".join(part for part in parts if part)


def _floor(result: Result, floor: Level) -> str:
    noise = result.goal.noise
    if noise is not None and floor.loss > 0 and "denoiser" in floor.name:
        wrong = ""
        if floor.wrong is not None:
            wrong = f" and {words.percent(floor.wrong)} of the values wrong"
        here = ""
        if floor.here is not None:
            here = (f" On these very rows it has {words.number(floor.here)}; less is only had by"
                    " learning their noise by heart.")
        return (f"Your loss cannot go below {words.number(floor.loss)} on new rows: after {noise},"
                f" the best denoiser there can be still has that{wrong}.{here}")
    above = "" if noise is None else f", and after {noise} it must stay above that"
    if floor.loss > 1e-9:
        return f"Your loss cannot go below {words.number(floor.loss)}, {floor.name}{above}."
    return f"A perfect output has a loss of 0{above}."
