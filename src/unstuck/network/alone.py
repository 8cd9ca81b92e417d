"""One of two trainings by itself, with what the other trains as it begins."""

from __future__ import annotations

from dataclasses import replace

from unstuck.base.errors import UnstuckError
from unstuck.result.results import ALONE

from .recipe import Recipe


def asked_alone(recipe: Recipe, goal: str | None) -> Recipe:
    """The recipe of one of two trainings by itself, where the goal asks for it: "generator alone".

    What the other one trains stays as it begins. The recipe is given back where nothing of that kind is
    asked.

    Raises:
        UnstuckError: there are no two trainings, none or several of that name, or its optimizer is not
            known.
    """
    if goal is None or not goal.strip().endswith(ALONE):
        return recipe
    name = goal.strip().removesuffix(ALONE).strip()
    if not recipe.rivals:
        raise UnstuckError(f"--goal {goal!r} asks for one of two trainings, and the script's step has"
                           " one. Leave it out.")
    found = [one for one in recipe.rivals if name in one.names]
    if len(found) != 1:
        known = " or ".join(f"'{each}{ALONE}'" for one in recipe.rivals for each in one.names[-1:])
        raise UnstuckError(f"--goal {goal!r}: the script's step trains no {name!r}. Write {known}."
                           if not found else f"--goal {goal!r}: both optimizers train {name!r}. Write"
                           f" {' or '.join(repr(one.optimizer + ALONE) for one in found)}.")
    one = found[0]
    if one.number is None or recipe.own_compile is None:
        raise UnstuckError(f"--goal {goal!r}: hand {one.optimizer} to compile, so that each training"
                           " can have one of its own.")
    optimizers = (recipe.optimizer, *recipe.others)
    order = [one.number, *(i for i in range(len(optimizers)) if i != one.number)]
    sites = {key: site for key, site in recipe.sites.items() if key != "optimizer"}
    if (site := recipe.sites.get(f"optimizer:{one.optimizer}")) is not None:
        sites["optimizer"] = site
    return replace(
        recipe, optimizer=optimizers[one.number], others=tuple(optimizers[i] for i in order[1:]),
        own_compile=recipe.own_compile.in_order(order), rivals=(), alone=one.optimizer, sites=sites)
