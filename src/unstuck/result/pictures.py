"""What a report draws, as plain values: curves, layers, rows, a handful of replicas, grids.

Part of the JSON contract (`Result.pictures`), like `results`: nothing here computes. Losses are in
the units of the user's loss; a number that is none is infinite or NaN here, a string in the JSON.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from unstuck.base.short_repr import Short

Numbers = tuple[float, ...]
Part = Literal["training", "validation"]


@dataclass(frozen=True, kw_only=True, repr=False)
class Curve(Short):
    """The losses of some replicas over the epochs.

    `mode` is the place of their way of ending in `population.modes`; `None` for all replicas.
    `quantiles[i]` are the 5, 25, 50, 75 and 95 % quantiles at epoch `epochs[i]` (counted from 1;
    long trainings are thinned).
    """

    part: Part
    mode: int | None
    replicas: int
    epochs: tuple[int, ...]
    quantiles: tuple[Numbers, ...]


@dataclass(frozen=True, kw_only=True, repr=False)
class LayerInfo(Short):
    """A layer, and medians over all replicas at the start and the end of the training.

    `units` is how many numbers it puts out for one row. `distinct`: how many of the `of` rows
    looked at still differ behind it. `dead` and `saturated` are shares of its units. `gradient`:
    Euclidean norm of its weights' gradient. Replicas that diverged count at the start only; where
    all did, the second number is NaN.
    """

    name: str
    kind: str
    activation: str | None
    units: int | None
    parameters: int
    of: int | None = None
    distinct: tuple[float, float] | None = None
    dead: tuple[float, float] | None = None
    saturated: tuple[float, float] | None = None
    gradient: tuple[float, float] | None = None


@dataclass(frozen=True, kw_only=True, repr=False)
class Image(Short):
    """A small picture: 8 bits a channel, row by row, in base64; `channels` is 1 or 3."""

    width: int
    height: int
    channels: int
    pixels: str


@dataclass(frozen=True, kw_only=True, repr=False)
class Sample(Short):
    """One of the judged rows: its input as numbers or as an image, and what should come out.

    Long inputs and targets are left out where there is an image of them. `held` is true for a row
    that is not trained on.
    """

    input: Numbers = ()
    image: Image | None = None
    target: Numbers = ()
    target_image: Image | None = None
    held: bool = False


@dataclass(frozen=True, kw_only=True, repr=False)
class LayerState(Short):
    """What one replica's layer makes of the samples after training.

    `groups`: samples (by place) that come out alike behind the layer; those that stand alone are
    left out. `dead`, `saturated`: places of units that are 0, or saturated, for every judged row.
    `values[sample]` are the outputs of a small layer.
    """

    layer: str
    units: int
    distinct: int
    of: int
    groups: tuple[tuple[int, ...], ...] = ()
    dead: tuple[int, ...] = ()
    saturated: tuple[int, ...] = ()
    values: tuple[Numbers, ...] = ()


@dataclass(frozen=True, kw_only=True, repr=False)
class ReplicaInfo(Short):
    """One training. `mode` as in `Curve`; `outputs` or `images` by sample; `curve` by `epochs`."""

    seed: int
    learned: bool
    loss: float
    score: float
    mode: int | None = None
    epochs: tuple[int, ...] = ()
    curve: Numbers = ()
    outputs: tuple[Numbers, ...] = ()
    images: tuple[Image, ...] = ()
    layers: tuple[LayerState, ...] = ()


@dataclass(frozen=True, kw_only=True, repr=False)
class Cell(Short):
    """One field of a grid: how many of so many replicas learned."""

    row: int
    column: int
    replicas: int
    successes: int
    success_rate: float


@dataclass(frozen=True, kw_only=True, repr=False)
class Grid(Short):
    """Success by two things that were varied together; fields that were not tried are absent."""

    title: str
    row_name: str
    column_name: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: tuple[Cell, ...]


@dataclass(frozen=True, kw_only=True, repr=False)
class TriedSet(Short):
    """Changes that were tried together, by name; none of them is the script as it is.

    `smallest`: enough, and no smaller set within it that was tried is. `repair` is the number of
    the repair that it is, from 1.
    """

    changes: tuple[str, ...]
    replicas: int
    successes: int
    success_rate: float
    ci95: tuple[float, float]
    enough: bool
    smallest: bool
    repair: int | None = None


@dataclass(frozen=True, kw_only=True, repr=False)
class TriedSets(Short):
    """Sets of changes by size, then by rate; the script as it is comes first.

    A set is `enough` from that share of trainings on. `tried` sets there were in all, single
    changes among them; of many, those are given that tell most.
    """

    enough: float
    tried: int
    sets: tuple[TriedSet, ...]


@dataclass(frozen=True, kw_only=True, repr=False)
class Pictures(Short):
    """Everything drawn that is not said.

    `final_losses` and `final_modes` are by replica, in the order of the seeds; `seeds` likewise.
    `own_curve` is the user's own run, where the script was let through. `repaired` is the usual
    replica of the first repair, on a fresh seed.
    """

    seeds: tuple[int, ...] = ()
    final_losses: Numbers = ()
    final_modes: tuple[int, ...] = ()
    own_curve: Curve | None = None
    curves: tuple[Curve, ...] = ()
    repaired_curve: Curve | None = None
    layers: tuple[LayerInfo, ...] = ()
    samples: tuple[Sample, ...] = ()
    replicas: tuple[ReplicaInfo, ...] = ()
    repaired: ReplicaInfo | None = None
    grids: tuple[Grid, ...] = ()
    sets: TriedSets | None = None


