"""A result in its author's words: layers by the names that the script has for them.

A result has Keras's names, since programs read it; reports for people put the author's names in their
places ("decoded" for "dense_1").
"""

from __future__ import annotations

from dataclasses import replace

from unstuck.base.own_names import Told, teller
from unstuck.result.pictures import Pictures, ReplicaInfo
from unstuck.result.results import Arm, FindingInfo, Repair, Result


def in_own_words(result: Result) -> Result:
    """The same result with every text that people read in the author's words."""
    told = teller(result.names)
    if told is None:
        return result
    population = replace(
        result.population,
        modes=tuple(replace(m, reading=told(m.reading)) for m in result.population.modes),
        distinct_by_layer={_name(layer, told): distinct
                           for layer, distinct in result.population.distinct_by_layer.items()})
    code, pictures = result.code_layer, result.pictures
    return replace(
        result, population=population, names={},
        facts=tuple(_finding(f, told) for f in result.facts),
        suspicions=tuple(_finding(f, told) for f in result.suspicions),
        arms=tuple(_arm(arm, told) for arm in result.arms),
        repairs=tuple(_repair(repair, told) for repair in result.repairs),
        cleared=tuple(replace(entry, interventions=tuple(map(told, entry.interventions)))
                      for entry in result.cleared),
        not_tested=tuple(replace(entry, what=told(entry.what)) for entry in result.not_tested),
        notes=tuple(map(told, result.notes)),
        code_layer=None if code is None else _name(code, told),
        pictures=None if pictures is None else _pictures(pictures, told),
    )


def _finding(finding: FindingInfo, told: Told) -> FindingInfo:
    untried = finding.untried
    return replace(finding, message=told(finding.message), untried=untried and replace(
        untried, intervention=told(untried.intervention)))


def _arm(arm: Arm, told: Told) -> Arm:
    return replace(arm, intervention=told(arm.intervention), title=told(arm.title),
                   company=tuple(map(told, arm.company)))


def _repair(repair: Repair, told: Told) -> Repair:
    return replace(repair, interventions=tuple(map(told, repair.interventions)),
                   beside=tuple(map(told, repair.beside)))


def _name(layer: str, told: Told) -> str:
    """A layer's name alone."""
    return told(f"{layer}:")[:-1]


def _pictures(pictures: Pictures, told: Told) -> Pictures:
    sets, repaired = pictures.sets, pictures.repaired
    return replace(
        pictures,
        layers=tuple(replace(one, name=_name(one.name, told)) for one in pictures.layers),
        replicas=tuple(_replica(one, told) for one in pictures.replicas),
        repaired=None if repaired is None else _replica(repaired, told),
        grids=tuple(replace(grid, title=told(grid.title), row_name=told(grid.row_name),
                            column_name=told(grid.column_name)) for grid in pictures.grids),
        sets=None if sets is None else replace(sets, sets=tuple(
            replace(one, changes=tuple(map(told, one.changes))) for one in sets.sets)))


def _replica(replica: ReplicaInfo, told: Told) -> ReplicaInfo:
    return replace(replica, layers=tuple(
        replace(state, layer=_name(state.layer, told)) for state in replica.layers))
