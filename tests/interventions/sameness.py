"""When two recipes are the same training, and the square that every edit must close."""

from __future__ import annotations

import functools
import warnings
from typing import Any

import keras
import numpy as np

from interventions.scripts import SPECIAL, STYLES, WITH_CALLBACKS
from unstuck.capture import capture_text
from unstuck.interventions import Intervention, apply_all, edits_for
from unstuck.network.loss_names import signature_of
from unstuck.network.rebuilding import rebuilt
from unstuck.network.recipe import Recipe
from unstuck.script import Script


def captured(text: str) -> tuple[Script, Recipe]:
    """The script and the recipe of its first `fit`."""
    found = capture_text(text)
    assert found.script is not None
    return found.script, found.recipe


def comparable(recipe: Recipe) -> dict[str, Any]:
    """A recipe in plain values, names of layers left out, with its outputs for fixed weights."""
    graph = recipe.architecture.is_graph
    model = rebuilt(recipe.architecture).model if graph else recipe.build().model
    rng = np.random.default_rng(7)
    adapted = {id(variable) for layer in model.layers
               if isinstance(layer, keras.layers.Normalization) for variable in layer.weights}
    for variable in model.weights:
        if id(variable) in adapted:
            continue
        variable.assign(rng.uniform(0.01, 0.1, size=variable.shape).astype(variable.dtype))
    losses = ["custom" if isinstance(said := signature_of(loss), int) else said  # by its identity
              for loss in keras.tree.flatten(recipe.loss)]
    if len(set(map(str, losses))) == 1:
        losses = losses[:1]
    few = keras.tree.map_structure(lambda a: a[:4], recipe.scaled(recipe.x))
    arrays = keras.tree.flatten(
        (recipe.scaled(recipe.x), recipe.scaled_targets(recipe.y), recipe.sample_weight))
    # A class that reads its input through a layer keeps it; that of a trial stands before its `call`.
    kept = None if graph else getattr(model, "input_scaling", None)
    layers = [layer for layer in model.layers if layer is not kept]
    return {
        "layers": [(type(layer).__name__, _plain(_with_statistics(layer))) for layer in layers],
        "outputs": keras.tree.map_structure(
            lambda out: np.asarray(out).round(4).tolist(), model(few, training=False)),
        "optimizer": (recipe.optimizer.kind, _plain(recipe.optimizer.config)),
        "loss": losses,
        "rules": [(rule.kind, [float(value) if isinstance(value, int | float) else str(value)[:9]
                               for name, value in vars(rule).items() if name != "place"])
                  for rule in recipe.rules.rules],
        "metrics": [metric if isinstance(metric, str) else _plain(metric.get_config())
                    for metric in keras.tree.flatten(recipe.metrics) if metric is not None],
        "fit": (recipe.epochs, recipe.batch_size, recipe.validation_split, recipe.shuffle,
                recipe.class_weight, recipe.loss_weights),
        "data": [None if a is None else np.asarray(a, np.float64).round(4).tolist() for a in arrays],
    }


def _with_statistics(layer: keras.Layer) -> dict[str, Any]:
    """A layer's arguments; those that say what it is adapted to, wherever it has them from."""
    config: dict[str, Any] = layer.get_config()
    if isinstance(layer, keras.layers.Normalization) and layer.mean is not None:
        mean, variance = np.asarray(layer.mean).ravel(), np.asarray(layer.variance).ravel()
        # In a column that is constant any variance does the same.
        variance = np.where(variance == 0, 1, variance)
        config |= {"mean": [f"{x:.4g}" for x in mean], "variance": [f"{x:.4g}" for x in variance]}
    return config


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items() if key != "name"}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return float(f"{value:.6g}") if isinstance(value, float) else value


@functools.cache
def original(style: str) -> tuple[Script, Recipe]:
    """One of the scripts, by its style, and its recipe; captured once."""
    with warnings.catch_warnings(action="ignore"):
        return captured({**STYLES, **WITH_CALLBACKS, **SPECIAL}[style])


def assert_square(style: str, changes: tuple[Intervention, ...]) -> Script:
    """Asserts that the script as edited is the recipe as changed; returns that script."""
    script, recipe = original(style)
    edits = edits_for(changes, script, recipe)
    assert edits is not None, "nothing safe to write"
    edited = script.apply(edits)
    _, by_source = captured(edited.text)
    assert comparable(by_source) == comparable(apply_all(changes, recipe)), edited.text
    return edited
