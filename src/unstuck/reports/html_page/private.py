"""A result without the user's rows, for pages that are shown to others."""

from __future__ import annotations

from dataclasses import replace

from unstuck.result.pictures import ReplicaInfo
from unstuck.result.results import Result, Rung


def without_data(result: Result) -> Result:
    """The same without any row: no inputs, targets, outputs, codes or images.

    Readings that name rows are put in general words. The script's own text, and the messages of
    checks, stay as they are.
    """
    modes = tuple(
        replace(mode, outputs=(), codes=(), reading="" if not mode.reading else
                "learned" if mode.learned else "did not learn")
        for mode in result.population.modes
    )  # fmt: skip
    pictures = result.pictures
    if pictures is not None:
        repaired = pictures.repaired
        pictures = replace(
            pictures, samples=(), replicas=tuple(map(_bare, pictures.replicas)),
            repaired=None if repaired is None else _bare(repaired),
        )  # fmt: skip
    ladder = tuple(Rung(loss=rung.loss, merged="") for rung in result.goal.ladder)
    return replace(
        result, rows=(), targets=(), code_map=None, pictures=pictures,
        population=replace(result.population, modes=modes),
        repairs=tuple(replace(r, outputs=(), codes=()) for r in result.repairs),
        goal=replace(result.goal, ladder=ladder),
    )  # fmt: skip


def _bare(replica: ReplicaInfo) -> ReplicaInfo:
    return replace(replica, outputs=(), images=(), layers=())
