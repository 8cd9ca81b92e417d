"""Why is a trivial problem hard for a network? Success rates of n-bit autoencoders, measured.

    python benchmarks/study_bits.py [--replicas 256] [--figures docs/figures] [--png]

Trains some ten thousands of autoencoders on the native engine, writes the figures of
docs/why-two-bits-is-hard.md as SVG and all numbers as `study_bits.json`. Each number is the share of
random starts from which the autoencoder learns all patterns, with Wilson's 95 % interval. Needs
`pip install 'unstuck[study]'`.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "jax")

import altair as alt
import keras
import numpy as np
from scipy.optimize import linprog

from unstuck.base.stats import success_rate
from unstuck.capture import capture_model
from unstuck.goal import Goal, make_goal
from unstuck.network.rebuilding import rebuilt
from unstuck.network.recipe import Recipe
from unstuck.population.native_engine.engine import NativeEngine
from unstuck.population.population import Population

Row = dict[str, Any]
SIZES = (1, 2, 3, 4, 8, 16, 32)
ACTIVATIONS = ("relu", "leaky_relu", "tanh", "linear")


def autoencoder(
    bits: int = 2, *, width: int = 4, code: int = 2, activation: str = "relu", rate: float = 1e-3,
    rows: int = 1000, batch: int = 8, epochs: int = 12, split: float = 0.0,
) -> Recipe:
    """`bits` → `width` → `code` → `bits`, as the project's first question had it."""
    keras.utils.clear_session()
    patterns = np.asarray(list(itertools.product((0, 1), repeat=bits)), np.float32)
    x = patterns[np.arange(rows) % len(patterns)]
    model = keras.Sequential([
        keras.Input((bits,)), keras.layers.Dense(width, activation=activation),
        keras.layers.Dense(code, activation=activation), keras.layers.Dense(bits, "sigmoid"),
    ])
    model.compile(optimizer=keras.optimizers.Adam(rate), loss="binary_crossentropy")
    captured = capture_model(model, x, x, batch_size=batch, epochs=epochs, validation_split=split)
    return captured.recipe


def trained(recipe: Recipe, replicas: int) -> tuple[Goal, Population]:
    """A population of it and its yardstick."""
    goal = make_goal(recipe)
    engine = NativeEngine()
    return goal, engine.train(recipe, range(replicas), goal, probes=False, keep_weights=True)


def measured(replicas: int, settings: Iterable[Row]) -> list[Row]:
    """One row of the table for each setting; its training with what is not said at its default."""
    table = []
    for setting in settings:
        goal, population = trained(autoencoder(**setting), replicas)
        rate = success_rate(goal.learned(population))
        table.append({**setting, "learned": rate.share, "low": rate.low, "high": rate.high,
                      "loss": float(np.median(population.final_loss))})
    return table


def grids(replicas: int) -> dict[str, list[Row]]:
    """All the tables of rates."""
    return {
        "width_code": measured(replicas, (
            {"width": width, "code": code, "activation": activation}
            for activation in ACTIVATIONS for width in SIZES for code in SIZES)),
        "rate_steps": measured(replicas, (
            {"rate": rate, "epochs": epochs}
            for rate in (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 3e-1, 1.0)
            for epochs in (1, 3, 12, 40, 120))),
        "bits_code": measured(replicas, (
            {"bits": bits, "code": code, "width": 16, "activation": activation, "rate": 1e-2,
             "rows": 1024, "epochs": 24}
            for activation in ("relu", "tanh") for bits in range(1, 7) for code in range(1, 9))),
        "rows": measured(replicas, (
            {"rows": rows, "epochs": 12} for rows in (4, 8, 40, 100, 400, 1000, 4000, 10000))),
        "rows_same_updates": measured(replicas, (
            {"rows": rows, "epochs": max(1, round(1500 / -(-rows // 8)))}
            for rows in (4, 8, 40, 100, 400, 1000, 4000, 10000))),
    }


def by_hand(large: float) -> float:
    """The loss of the solution that one writes down: hidden layers that copy, ±large at the end."""
    goal = make_goal(autoencoder(epochs=1))
    first, second = np.eye(2, 4), np.eye(4, 2)
    x = goal.flat_inputs
    code = np.maximum(np.maximum(x @ first, 0) @ second, 0)
    last, bias = (np.eye(2), 0.0) if large == 1 else (2 * large * np.eye(2), -large)
    logits = code @ last + bias
    return float(np.mean(np.log1p(np.exp(-np.where(x > 0.5, logits, -logits)))))


def starts(replicas: int) -> Row:
    """What the original network's random starts hold, and where training takes them."""
    recipe = autoencoder()
    goal, population = trained(recipe, replicas)
    from unstuck.population.draws import initial_weights

    assert population.weights is not None
    learned = goal.learned(population)
    paths = [p for p in population.weights if p.endswith("kernel")]
    built = rebuilt(recipe.architecture)
    made = {v.path: built.initializers[id(v)] for v in built.model.trainable_variables}
    kernels = [initial_weights(made[p], population.weights[p].shape[1:], range(replicas), p)
               for p in paths[:2]]
    x = goal.flat_inputs
    hidden = np.maximum(np.einsum("pi,rij->rpj", x, kernels[0]), 0)
    codes = np.maximum(np.einsum("rpj,rjk->rpk", hidden, kernels[1]), 0)
    readable = np.asarray([_readable(code, x) for code in codes])
    distinct = np.asarray([len(np.unique(code.round(6), axis=0)) for code in codes])
    right = ((population.outputs > 0.5) == x).all((1, 2)) if population.outputs is not None else learned
    ends = population.final_loss
    large = np.asarray([np.abs(population.weights[paths[2]][i]).max() for i in range(replicas)])
    return {
        "replicas": replicas,
        "learned": _rate(learned),
        "start_readable": _rate(readable),
        "start_four_codes": _rate(distinct == 4),
        "learned_of_readable": _rate(learned[readable]),
        "learned_of_unreadable": _rate(learned[~readable]),
        "right_at_the_end": _rate(right),
        "right_with_loss_above_0.4": _rate(right & (ends > 0.4)),
        "median_loss_where_learned": float(np.median(ends[learned])),
        "median_largest_output_weight_where_learned": float(np.median(large[learned])),
        "solution_of_zeros_and_ones": by_hand(1),
        "solution_of_zeros_and_large": {str(v): by_hand(v) for v in (2, 5, 10, 20)},
    }


def _rate(mask: Any) -> Row:
    rate = success_rate(np.asarray(mask))
    return {"rate": rate.share, "low": rate.low, "high": rate.high, "of": rate.trials}


def _readable(code: Any, bits: Any) -> bool:
    """True where a line through the codes of the patterns separates each bit's 0s from its 1s."""
    points = np.concatenate([code, np.ones((len(code), 1))], 1)
    for bit in bits.T:
        sign = np.where(bit > 0.5, 1.0, -1.0)
        found = linprog(np.zeros(points.shape[1]), A_ub=-sign[:, None] * points,
                        b_ub=-np.ones(len(points)), bounds=(None, None))
        if found.status != 0:
            return False
    return True


def heat_map(table: list[Row], x: str, y: str, titles: tuple[str, str], panel: str = "") -> alt.Chart:
    """Success rates as colours, with the rate and its interval written into each cell."""
    shown = [{**row, "percent": f"{100 * row['learned']:.0f}",
              "interval": f"{100 * row['low']:.0f}–{100 * row['high']:.0f}"} for row in table]
    base = alt.Chart().encode(
        x=alt.X(f"{x}:O", title=titles[0], sort=None, axis=alt.Axis(labelAngle=0)),
        y=alt.Y(f"{y}:O", title=titles[1], sort="descending"))
    ink = alt.condition("datum.learned > 0.55", alt.value("white"), alt.value("black"))
    cells = base.mark_rect().encode(color=alt.Color(
        "learned:Q", scale=alt.Scale(domain=[0, 1], scheme="viridis", reverse=True),
        legend=alt.Legend(format="%")))
    number = base.mark_text(fontSize=11, dy=-4).encode(text="percent:N", color=ink)
    interval = base.mark_text(fontSize=7.5, dy=8).encode(text="interval:N", color=ink)
    size = {"width": alt.Step(38), "height": alt.Step(32)}
    chart = alt.layer(cells, number, interval, data=alt.Data(values=shown))
    if not panel:
        return chart.properties(**size)
    return chart.properties(**size).facet(
        facet=alt.Facet(f"{panel}:N", title=None, sort=None), columns=2)


def curve(tables: dict[str, list[Row]], x: str, title: str) -> alt.Chart:
    """Success rates with their intervals as bars, one line a table."""
    rows = [{**row, "series": name} for name, table in tables.items() for row in table]
    base = alt.Chart(alt.Data(values=rows)).encode(
        x=alt.X(f"{x}:Q", title=title, scale=alt.Scale(type="log")),
        color=alt.Color("series:N", title=None, legend=alt.Legend(orient="top", labelLimit=400)))
    y = alt.Y("learned:Q", axis=alt.Axis(format="%"), scale=alt.Scale(domain=[0, 1]))
    bars = base.mark_rule(strokeWidth=2).encode(y=alt.Y("low:Q", title="learned"), y2="high:Q")
    return (base.mark_line(point=True).encode(y=y) + bars).properties(width=420, height=200)


def draw(found: dict[str, Any], folder: Path, *, png: bool) -> None:
    """The figures, as SVG; as PNG too on request."""
    tables = found["tables"]
    figures = {
        "bits_width_code": heat_map(tables["width_code"], "width", "code",
                                    ("units in the first layer", "units in the code"), "activation"),
        "bits_rate_steps": heat_map(tables["rate_steps"], "rate", "epochs",
                                    ("learning rate", "epochs of 125 updates")),
        "bits_bits_code": heat_map(tables["bits_code"], "bits", "code",
                                   ("bits", "units in the code"), "activation"),
        "bits_rows": curve({"12 epochs each": tables["rows"],
                            "1,500 updates each": tables["rows_same_updates"]}, "rows", "rows"),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, chart in figures.items():
        chart.save(folder / f"{name}.svg")
        if png:
            chart.save(folder / f"{name}.png", ppi=110)


def main() -> None:
    """Measure, or read what was measured; draw; print what the page says in numbers."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--replicas", type=int, default=256)
    parser.add_argument("--figures", type=Path, default=Path("docs/figures"))
    parser.add_argument("--draw-only", action="store_true", help="figures from study_bits.json")
    parser.add_argument("--png", action="store_true", help="figures as PNG too")
    asked = parser.parse_args()
    place = asked.figures / "study_bits.json"
    if asked.draw_only:
        found = json.loads(place.read_text())
    else:
        begun = starts(16 * asked.replicas)
        tables = grids(asked.replicas)
        found = {"replicas": asked.replicas, "tables": tables, "starts": begun,
                 "trainings": asked.replicas * (16 + sum(map(len, tables.values())))}
        asked.figures.mkdir(parents=True, exist_ok=True)
        place.write_text(json.dumps(found, indent=1) + "\n")
    draw(found, asked.figures, png=asked.png)
    print(f"{found['trainings']:,} trainings")
    print(json.dumps(found["starts"], indent=1))


if __name__ == "__main__":
    main()
