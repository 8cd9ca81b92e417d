"""What the tests of the native engine share: small recipes, and Keras's own `fit` beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from unstuck.network.architecture import Architecture
from unstuck.network.optimizer import Optimizer
from unstuck.network.rebuilding import rebuilt
from unstuck.network.recipe import Recipe
from unstuck.population.native_engine.engine import NativeEngine

ROWS, BATCH, EPOCHS, FEATURES = 43, 8, 9, 5


@dataclass(frozen=True)
class Watched:
    """A yardstick that scores nothing."""

    inputs: Any
    keeps_outputs: bool = True
    keeps_codes: bool = True

    def score(self, recipe: Recipe, outputs: Any, final_loss: Any) -> NDArray[np.float64]:
        return np.zeros(len(outputs))


def data(kind: str, units: int = 3, seed: int = 0) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(ROWS, FEATURES)).astype(np.float32)
    y = {
        "real": lambda: rng.normal(size=(ROWS, units)),
        "column": lambda: rng.normal(size=ROWS),
        "positive": lambda: rng.exponential(size=(ROWS, units)),
        "bits": lambda: rng.integers(0, 2, (ROWS, units)),
        "shares": lambda: rng.dirichlet(np.ones(units), ROWS),
        "class": lambda: rng.integers(0, units, ROWS),
        "class column": lambda: rng.integers(0, units, (ROWS, 1)),
        "one-hot": lambda: np.eye(units)[rng.integers(0, units, ROWS)],
        "signs": lambda: rng.integers(0, 2, (ROWS, units)) * 2 - 1,
    }[kind]()
    return x, y


def recipe_of(model: Any, loss: Any, optimizer: Any, x: Any, y: Any, **more: Any) -> Recipe:
    given = {"batch_size": BATCH, "epochs": EPOCHS, "metrics": None, **more}
    return Recipe(architecture=Architecture(source=model), optimizer=Optimizer.of(optimizer),
                  loss=loss, x=x, y=y, **given)


def plain_path(model: Any, variable: Any) -> str:
    """A path as a functional model has it; Sequential puts its own name before it."""
    path: str = variable.path
    return path.removeprefix(f"{model.name}/")


def trained_by_keras(recipe: Recipe, start: dict[str, Any], order: NDArray[np.int32]) -> Any:
    """History, weights by path and evaluated loss of Keras's own `fit` on rows in that order."""
    source = recipe.architecture.source
    model = keras.models.clone_model(source)
    model.compile(optimizer=recipe.optimizer.build(), loss=recipe.loss,
                  loss_weights=recipe.loss_weights)
    # A clone's wrappers leave themselves out of the paths of what they hold.
    own = [plain_path(model, variable) for variable in model.variables]
    paths = own if set(own) >= start.keys() else [plain_path(source, v) for v in source.variables]
    for path, variable in zip(paths, model.variables, strict=True):
        if path in start:
            variable.assign(start[path])
    train, held_out = recipe.train, recipe.validation
    weight = train.sample_weight
    history = model.fit(
        train.x[order], train.y[order], batch_size=recipe.batch_size, epochs=recipe.epochs,
        sample_weight=None if weight is None else weight[order], shuffle=False, verbose=0,
        validation_data=None if held_out is None else (held_out.x, held_out.y),
    ).history
    final = None
    if held_out is not None or weight is not None:  # elsewhere it would only cost a compilation
        final = model.evaluate(train.x, train.y, batch_size=256, verbose=0,
                               sample_weight=None if recipe.class_weight else weight)
    return history, dict(zip(paths, (np.asarray(v.value) for v in model.variables), strict=True)), final


def assert_same_training(recipe: Recipe, *, tolerance: float = 1e-5) -> None:
    engine = NativeEngine(threads=1)
    assert engine.refuses(recipe) is None
    rng = np.random.default_rng(5)
    rows = recipe.train.rows
    order = rng.permuted(np.tile(np.arange(rows, dtype=np.int32), (3, 1)), axis=1)
    everywhere = np.repeat(order[:, None], recipe.epochs, axis=1)
    built = rebuilt(recipe.architecture)
    source = recipe.architecture.source
    kept = {plain_path(source, v): np.asarray(v.value) for v in source.non_trainable_variables}
    start = {
        v.path: np.broadcast_to(kept[v.path], (3, *v.shape)) if v.path in kept
        else rng.normal(0, 0.6, (3, *v.shape)).astype(np.float32)
        for v in built.model.variables if v.dtype == "float32"
    }
    population = engine.train(recipe, [1, 2, 3], Watched(recipe.train.x), start=start,
                              order=everywhere, keep_weights=True)
    one = 1
    history, weights, final = trained_by_keras(
        recipe, {k: v[one] for k, v in start.items()}, order[one])
    close = {"rtol": tolerance, "atol": tolerance}
    np.testing.assert_allclose(population.loss[one], history["loss"], **close)
    if final is not None:
        np.testing.assert_allclose(population.final_loss[one], final, **close)
    if recipe.validation is not None:
        assert population.val_loss is not None
        np.testing.assert_allclose(population.val_loss[one], history["val_loss"], **close)
    assert population.weights is not None
    for path, value in population.weights.items():
        np.testing.assert_allclose(value[one], weights[path], err_msg=path, **close)


def assert_same_readings(native: Any, slow: Any) -> None:
    for moment, readings in native.readings.items():
        other = slow.readings[moment]
        assert readings.layers == other.layers
        for probe in ("dead", "saturated", "gradient_norm", "weight_norm", "spread"):
            np.testing.assert_allclose(
                getattr(readings, probe), getattr(other, probe), rtol=1e-3, atol=1e-4,
                err_msg=f"{probe} at the {moment}")
        # Rows that hardly differ may be told apart by one random projection and not by another.
        np.testing.assert_allclose(readings.distinct, other.distinct, atol=1)
