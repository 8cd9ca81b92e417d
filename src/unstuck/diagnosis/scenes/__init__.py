"""What the page draws, measured: curves, layers, a few rows, a handful of replicas, grids, sets.

`pictures_of` is called once, when the search is over. To see inside a few replicas it trains them
again on their own seeds and keeps their weights this time; it leaves that out where it would cost
more than a small share of the budget.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unstuck.diagnosis.modes import members_of
from unstuck.population.inside import Inside
from unstuck.population.population import Population
from unstuck.result.pictures import Pictures, ReplicaInfo
from unstuck.search.arms import Arm
from unstuck.search.experiment import Experiment
from unstuck.search.proof import Cure

from .curves import curve_of, thinned
from .grids import pairs, sweep
from .layers import layer_states, layers_of
from .samples import Shown, shown_rows
from .sets import sets_of

Array = NDArray[Any]

MOST_REPLICAS = 9
"""Trainings that are shown one by one."""
WIDEST_OUTPUT = 16
"""Most numbers of an output that are kept for a row."""


def pictures_of(
    experiment: Experiment, cures: Sequence[Cure], own_history: Mapping[str, Sequence[float]] | None, *,
    again: bool = True,
) -> Pictures:
    """Everything that is drawn.

    Args:
        experiment: where everything was trained.
        cures: the proved repairs, the first of which is shown.
        own_history: the user's own training, where there was one.
        again: train more: a few replicas again, to look inside, and a sweep.
    """
    goal, control = experiment.goal, experiment.control.population
    assert control is not None
    modes = members_of(goal, control)
    place = np.zeros(control.replicas, dtype=int)
    for number, members in enumerate(modes):
        place[members] = number
    everyone = np.arange(control.replicas)
    curves = [curve_of(control.loss, everyone)]
    if len(modes) > 1:
        curves += [curve_of(control.loss, members, mode=n) for n, members in enumerate(modes)]
    if control.val_loss is not None:
        curves.append(curve_of(control.val_loss, everyone, part="validation"))
    cure = next((cure for cure in cures if cure.proof is not None), None)
    proof = None if cure is None else cure.proof
    shown = shown_rows(experiment.recipe, goal)
    picked = _picked(control, modes)
    repaired = None
    if cure is not None and proof is not None:
        usual = _usual(proof, np.arange(proof.replicas))
        (repaired,) = _seen(experiment, cure.arm, proof, [usual], shown, again)
    own = list((own_history or {}).get("loss", ()))
    return Pictures(
        seeds=control.seeds, final_losses=_numbers(control.final_loss),
        final_modes=tuple(int(p) for p in place),
        own_curve=curve_of(np.asarray([own], dtype=float), np.arange(1)) if own else None,
        curves=tuple(curves),
        repaired_curve=None if proof is None else curve_of(
            proof.loss, np.arange(proof.replicas)),
        layers=layers_of(experiment.recipe, goal, control), samples=shown.samples,
        replicas=_seen(experiment, experiment.control, control, picked, shown, again, place),
        repaired=repaired, grids=(*pairs(experiment), *(sweep(experiment) if again else ())),
        sets=sets_of(experiment, cures),
    )


def _picked(control: Population, modes: Sequence[Array]) -> list[int]:
    """Replicas to show: the usual one of each mode, then the extremes, in order of final loss."""
    losses = np.nan_to_num(control.final_loss.astype(float), nan=np.inf, posinf=np.inf)
    order = np.argsort(losses, kind="stable")
    wanted = [_usual(control, members) for members in modes]
    wanted += [int(order[0]), int(order[-1])]
    wanted += [int(order[int(q * (len(order) - 1))]) for q in (0.5, 0.25, 0.75, 0.1, 0.9)]
    found = list(dict.fromkeys(wanted))[:MOST_REPLICAS]
    return sorted(found, key=lambda replica: (losses[replica], replica))


def _usual(population: Population, members: Array) -> int:
    """The member whose final loss is nearest to their median."""
    losses = population.final_loss[members].astype(float)
    finite = losses[np.isfinite(losses)]
    if not len(finite):
        return int(members[0])
    away = np.abs(np.where(np.isfinite(losses), losses, np.inf) - np.median(finite))
    return int(members[int(np.argmin(away))])


def _seen(
    experiment: Experiment, arm: Arm, population: Population, picked: Sequence[int], shown: Shown,
    again: bool, place: Array | None = None,
) -> tuple[ReplicaInfo, ...]:
    """Those replicas, with what is inside where they could be trained again."""
    learned = experiment.goal.learned(population)
    looked = _inside(experiment, arm, [population.seeds[i] for i in picked], shown) if again else None
    epochs = thinned(population.loss.shape[1])
    found = []
    for number, i in enumerate(picked):
        output, inner = looked[number] if looked is not None else (_kept(population, i, shown), {})
        flat = None if output is None else output.reshape(len(output), -1)
        narrow = flat is not None and flat.shape[1] <= WIDEST_OUTPUT
        found.append(ReplicaInfo(
            seed=population.seeds[i], learned=bool(learned[i]),
            loss=float(population.final_loss[i]), score=float(population.score[i, 0]),
            mode=None if place is None else int(place[i]),
            epochs=tuple(int(e) + 1 for e in epochs), curve=_numbers(population.loss[i, epochs]),
            outputs=tuple(map(_numbers, flat)) if flat is not None and narrow else (),
            images=() if flat is None else shown.as_images(flat),
            layers=layer_states(arm.recipe, inner, shown.places),
        ))
    return tuple(found)


def _inside(
    experiment: Experiment, arm: Arm, seeds: Sequence[int], shown: Shown
) -> list[tuple[Array, dict[str, Array]]] | None:
    """Outputs on the samples and layers' outputs on all rows looked at, by replica."""
    if experiment.costs.of(arm, len(seeds)) > experiment.spare:
        return None
    population = experiment.aside(arm.recipe, seeds, weights=True)
    if population is None or population.weights is None:
        return None
    try:
        inside = Inside(arm.recipe)
        found = []
        for replica in range(len(seeds)):
            output, inner = inside.outputs(population.weights, replica, shown.looked_at)
            if not isinstance(output, np.ndarray):
                return None
            found.append((output[list(shown.places)], inner))
    except Exception:  # a user's own layer may refuse what no training asked of it
        return None
    return found


def _kept(population: Population, replica: int, shown: Shown) -> Array | None:
    """The outputs that the population kept, on the samples."""
    if population.outputs is None:
        return None
    kept: Array = population.outputs[replica][shown.rows]
    return kept


def _numbers(values: Any) -> tuple[float, ...]:
    """Six figures each, which is more than a picture shows."""
    return tuple(float(f"{value:.6g}") for value in np.asarray(values, dtype=float).reshape(-1))
