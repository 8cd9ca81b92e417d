"""An autoencoder's two halves as models of their own: the encoder up to the code, the decoder from it.

The code is the narrowest layer that everything has to pass: every path from the input to the output
goes through it. In a variational autoencoder that is the layer that samples.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import keras
import numpy as np

from unstuck.base.atomic import checked, write_bytes
from unstuck.base.errors import NotSupported, UnstuckError
from unstuck.goal import Goal
from unstuck.network.architecture import Architecture
from unstuck.network.bottleneck import bottlenecks
from unstuck.network.optimizer import Optimizer
from unstuck.network.recipe import Recipe
from unstuck.population.choice import engine_for

REPLICAS = 8
NAMES = ("encoder.keras", "decoder.keras")


def code_layer(recipe: Recipe) -> str:
    """The name of the code: of the narrowest layers that all paths pass, the last.

    Raises:
        NotSupported: the connections are not known, or no layer lies on every path.
    """
    if not recipe.architecture.is_graph:
        raise NotSupported("The layers of a subclassed model cannot be told apart into two halves.")
    found = bottlenecks(recipe.layers)
    if not found:
        raise NotSupported("The network has no layer through which everything passes, so it cannot"
                           " be cut into an encoder and a decoder.")
    return found[-1]


def halves(model: keras.Model, layer: str) -> tuple[keras.Model, keras.Model]:
    """The encoder, up to a layer of this name, and the decoder, from its outputs on.

    Both share their weights with the model.

    Raises:
        NotSupported: the network cannot be cut there.
    """
    try:
        code = model.get_layer(layer).output
        return (keras.Model(model.inputs, code, name="encoder"),
                keras.Model(code, model.outputs, name="decoder"))
    except ValueError as error:
        raise NotSupported(f"The network cannot be cut at {layer}: {error}") from error


def encoder_decoder(model: keras.Model, layer: str | None = None) -> tuple[keras.Model, keras.Model]:
    """A model's encoder and decoder, cut at its code or at the layer of that name. Raises as above."""
    if layer is None:
        recipe = Recipe(architecture=Architecture(source=model), loss=None, x=None, y=None,
                        optimizer=Optimizer.named("SGD"))
        layer = code_layer(recipe)
    return halves(model, layer)


def trained_model(recipe: Recipe, goal: Goal, *, seed: int, threads: int | None) -> keras.Model:
    """A model of the recipe with the weights of a replica that learned, the one of median loss.

    Raises:
        UnstuckError: none of the replicas learned.
    """
    engine, _ = engine_for(recipe, like=None, threads=threads)
    population = engine.train(recipe, range(seed, seed + REPLICAS), goal, probes=False,
                              keep_weights=True)
    learned = np.flatnonzero(goal.learned(population))
    if not len(learned) or population.weights is None:
        raise UnstuckError(f"None of {REPLICAS} trainings learned, so no model was written.")
    ordered = learned[np.argsort(population.final_loss[learned])]
    chosen = int(ordered[len(ordered) // 2])
    model = recipe.build().model
    for variable in model.weights:
        if variable.path in population.weights:
            variable.assign(population.weights[variable.path][chosen])
    return model


def checked_places(folder: Path, *, force: bool = False) -> tuple[Path, Path]:
    """Where the two halves go. Raises UnstuckError if they cannot, or other files are there."""
    if os.path.lexists(folder):
        for name in NAMES:
            checked(folder / name, force=force)
    elif not Path(os.path.dirname(folder) or ".").is_dir():
        raise UnstuckError(f"There is no folder {os.path.dirname(folder)} in which {folder.name} could"
                           " be made.")
    return folder / NAMES[0], folder / NAMES[1]


def export(
    recipe: Recipe, goal: Goal, folder: Path, *, seed: int = 0, threads: int | None = None,
    force: bool = False,
) -> tuple[Path, Path]:
    """Train it once more and write its two halves into a folder.

    Files that are there are replaced with `force` only. Raises as above, and OSError.
    """
    places = checked_places(folder, force=force)
    layer = code_layer(recipe)
    encoder, decoder = halves(trained_model(recipe, goal, seed=seed, threads=threads), layer)
    folder.mkdir(exist_ok=True)
    for place, half in zip(places, (encoder, decoder), strict=True):
        with tempfile.TemporaryDirectory() as made:
            half.save(Path(made) / place.name)
            write_bytes(place, (Path(made) / place.name).read_bytes(), force=force)
    return places
