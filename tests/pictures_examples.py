"""Hand-made pictures for the results of `results_examples`, and results that only the page shows."""

from __future__ import annotations

import base64
import dataclasses
import math

import numpy as np

from results_examples import DIVERGING, HEALTHY, TWO_BITS, wilson
from unstuck.result.pictures import (
    Cell,
    Curve,
    Grid,
    Image,
    LayerInfo,
    LayerState,
    Pictures,
    ReplicaInfo,
    Sample,
    TriedSet,
    TriedSets,
)
from unstuck.result.results import CodeMap, Result


def curve(level: float, *, mode: int | None = None, replicas: int = 8, epochs: int = 12) -> Curve:
    """A fan that falls from 0.7 to a level."""
    rows = []
    for epoch in range(epochs):
        middle = level + (0.7 - level) * 0.7**epoch
        rows.append(tuple(middle * factor for factor in (0.8, 0.9, 1.0, 1.1, 1.2)))
    return Curve(part="training", mode=mode, replicas=replicas,
                 epochs=tuple(range(1, epochs + 1)), quantiles=tuple(rows))  # fmt: skip


def states(*, dead: bool) -> tuple[LayerState, ...]:
    """Two layers of a replica; in the first all inputs but one are merged if it is dead."""
    values = ((0.0, 1.4), (1.3, 0.0), (0.0, 0.0), (3.5, 0.0))
    return (
        LayerState(layer="dense_1", units=2, distinct=2 if dead else 4, of=4, values=values,
                   groups=((1, 2, 3),) if dead else (), dead=(0,) if dead else ()),
        LayerState(layer="dense_2", units=40, distinct=4, of=4, saturated=(1,)),
    )  # fmt: skip


def tried(*changes: str, successes: int, enough: bool = False, smallest: bool = False,
          repair: int | None = None) -> TriedSet:
    """A set of changes with 64 replicas."""
    return TriedSet(changes=changes, replicas=64, successes=successes, success_rate=successes / 64,
                    ci95=wilson(successes, 64), enough=enough, smallest=smallest,
                    repair=repair)  # fmt: skip


def sets(wider: str, straight: str, longer: str) -> TriedSets:
    """Three changes, of which two are enough together."""
    return TriedSets(enough=0.95, tried=23, sets=(
        tried(successes=12), tried(longer, successes=20), tried(straight, successes=38),
        tried(wider, successes=58), tried(straight, longer, successes=48),
        tried(wider, straight, successes=64, enough=True, smallest=True, repair=1),
        tried(wider, longer, successes=63, enough=True, smallest=True),
        tried(wider, straight, longer, successes=64, enough=True),
    ))  # fmt: skip


def _two_bits() -> Result:
    modes = TWO_BITS.population.modes
    losses, places = [], []
    for place, mode in enumerate(modes):
        count = round(mode.share * 256)
        losses += [mode.loss + 0.001 * (i % 7) for i in range(count)]
        places += [place] * count
    replicas = tuple(
        ReplicaInfo(seed=7 + place, learned=mode.learned, loss=mode.loss, score=0.5,
                    mode=modes.index(mode), epochs=(1, 2), curve=(0.7, mode.loss),
                    outputs=mode.outputs, layers=states(dead=not mode.learned))
        for place, mode in enumerate(sorted(modes, key=lambda m: m.loss))
    )  # fmt: skip
    names = ("middle layer 2 → 16 units", "relu → linear", "epochs 12 → 120")
    cells = [Cell(row=i, column=j, replicas=64, successes=8 * (i + j + 1),
                  success_rate=(i + j + 1) / 8) for i in range(3) for j in range(i + 1)]  # fmt: skip
    pictures = Pictures(
        seeds=tuple(range(len(losses))), final_losses=tuple(losses), final_modes=tuple(places),
        own_curve=curve(0.48, replicas=1),
        curves=(curve(0.3), *(curve(m.loss, mode=i) for i, m in enumerate(modes))),
        repaired_curve=curve(0.001),
        layers=(
            LayerInfo(name="dense_1", kind="Dense", activation="relu", units=2, parameters=10, of=4,
                      distinct=(4.0, 3.0), dead=(0.25, 0.5), gradient=(0.09, 0.03)),
            LayerInfo(name="dense_2", kind="Dense", activation="sigmoid", units=40, parameters=6),
        ),
        samples=tuple(Sample(input=row, target=row, held=i == 3)
                      for i, row in enumerate(TWO_BITS.rows)),
        replicas=replicas,
        repaired=ReplicaInfo(seed=1_000_007, learned=True, loss=0.0009, score=1.0,
                             outputs=TWO_BITS.rows, layers=states(dead=False)),
        grids=(Grid(title="Two changes together", row_name="one change", column_name="another",
                    rows=names, columns=names, cells=tuple(cells)),),
        sets=sets(*names),
    )  # fmt: skip
    return dataclasses.replace(TWO_BITS, pictures=pictures, switches=("--budget", "2m"))


def image(level: int) -> Image:
    """An 8 by 8 picture of a slope."""
    pixels = bytes((level * 13 + 4 * i) % 256 for i in range(64))
    return Image(width=8, height=8, channels=1, pixels=base64.b64encode(pixels).decode())


def _digits() -> Result:
    samples = tuple(Sample(image=image(i)) for i in range(10))
    replica = ReplicaInfo(seed=3, learned=True, loss=0.245, score=0.8, mode=0,
                          images=tuple(image(i + 1) for i in range(10)))  # fmt: skip
    pictures = Pictures(seeds=(3, 4), final_losses=(0.245, 0.246), final_modes=(0, 0),
                        curves=(curve(0.24),), samples=samples,
                        replicas=(replica, replica))  # fmt: skip
    rng = np.random.default_rng(5)
    along = np.linspace(0, 1, 40)
    line = np.stack([along - 0.5, 0 * along], 1)
    spread = np.stack([3 * along - 1.5, rng.normal(size=40)], 1)
    both = [tuple(tuple(float(f"{v:.4g}") for v in point) for point in points)
            for points in (line, spread)]  # fmt: skip
    code_map = CodeMap(layer="code", rows=tuple(range(0, 80, 2)), before=both[0], after=both[1],
                       along=tuple(round(float(a), 3) for a in along), held=(1.0, 0.71))  # fmt: skip
    return dataclasses.replace(HEALTHY, pictures=pictures, code_map=code_map)


def _regression() -> Result:
    rng = np.random.default_rng(3)
    targets = 2e5 + 4e4 * rng.normal(size=48)
    samples = tuple(Sample(input=(float(i), 0.5), target=(float(t),))
                    for i, t in enumerate(targets))  # fmt: skip
    flat = ReplicaInfo(seed=0, learned=False, loss=4.4e10, score=-20.0, mode=0,
                       outputs=tuple((5e3 + 10.0 * i,) for i in range(48)))  # fmt: skip
    right = ReplicaInfo(seed=1_000_001, learned=True, loss=1e7, score=0.99,
                        outputs=tuple((float(t) + 500,) for t in targets))  # fmt: skip
    pictures = Pictures(seeds=(0,), final_losses=(4.4e10,), final_modes=(0,), samples=samples,
                        replicas=(flat,), repaired=right)  # fmt: skip
    goal = dataclasses.replace(TWO_BITS.goal, metric="r2", baseline=2.3e9, ladder=())
    return dataclasses.replace(TWO_BITS, goal=goal, pictures=pictures)


def _diverging() -> Result:
    count = DIVERGING.population.replicas
    lost = tuple(math.nan if i % 2 else math.inf for i in range(count))
    nothing = dataclasses.replace(
        curve(0.5), quantiles=tuple((math.inf,) * 5 for _ in range(12)))
    replica = ReplicaInfo(seed=0, learned=False, loss=math.nan, score=math.nan, mode=0,
                          outputs=((math.nan,),))  # fmt: skip
    pictures = Pictures(
        seeds=tuple(range(count)), final_losses=lost, final_modes=(0,) * count, curves=(nothing,),
        samples=(Sample(input=(1.0,), target=(2.0,)),), replicas=(replica,),
        layers=(LayerInfo(name="dense", kind="Dense", activation="relu", units=4, parameters=8,
                          of=1, distinct=(1.0, math.nan), dead=(0.0, math.nan)),),
    )  # fmt: skip
    return dataclasses.replace(DIVERGING, pictures=pictures)


PICTURED = {"two-bits": _two_bits(), "digits": _digits(), "regression": _regression(),
            "diverging": _diverging()}  # fmt: skip

HOSTILE = "</script><img src=x onerror=\"document.title='owned'\">"


def hostile() -> Result:
    """A result whose every name is an attack."""
    given = PICTURED["two-bits"]
    assert given.pictures is not None and given.source is not None
    arms = tuple(dataclasses.replace(a, intervention=f"{HOSTILE} {i}", title=HOSTILE)
                 for i, a in enumerate(given.arms))  # fmt: skip
    modes = tuple(dataclasses.replace(m, reading=HOSTILE) for m in given.population.modes)
    layers = tuple(dataclasses.replace(layer, name=HOSTILE, kind=HOSTILE)
                   for layer in given.pictures.layers)  # fmt: skip
    replicas = tuple(
        dataclasses.replace(r, layers=tuple(dataclasses.replace(s, layer=HOSTILE) for s in r.layers))
        for r in given.pictures.replicas)  # fmt: skip
    grids = tuple(dataclasses.replace(g, title=HOSTILE, rows=(HOSTILE,) * 3, columns=(HOSTILE,) * 3)
                  for g in given.pictures.grids)  # fmt: skip
    return dataclasses.replace(
        given, arms=arms, notes=(HOSTILE,), source=f"# {HOSTILE}\n{given.source}",
        script=dataclasses.replace(given.script, path=f"{HOSTILE}.py", argv=(HOSTILE,)),
        fit=dataclasses.replace(given.fit, loss=HOSTILE, optimizer=HOSTILE, model=HOSTILE),
        population=dataclasses.replace(given.population, modes=modes, strategy=HOSTILE),
        goal=dataclasses.replace(given.goal, why=HOSTILE, references={HOSTILE: 0.5}),
        pictures=dataclasses.replace(given.pictures, layers=layers, replicas=replicas, grids=grids,
                                     sets=sets(*(f"{HOSTILE} {i}" for i in range(3)))),
        code_map=dataclasses.replace(PICTURED["digits"].code_map, layer=HOSTILE),
    )  # fmt: skip
