"""A term of a loss that a step of the user's own adds up: found, weighed, and written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from recipes import Watched
from unstuck.capture import capture_script
from unstuck.interventions.term_weight import TermWeight
from unstuck.network.recipe import Recipe
from unstuck.network.steps import terms_of
from unstuck.population.keras_engine.engine import KerasEngine
from unstuck.script import Script

SOURCE = """
import numpy as np
import tensorflow as tf
from tensorflow import keras
rng = np.random.default_rng(0)
x = rng.normal(size=(40, 3)).astype("float32")

class Squeezed(keras.Model):
    def __init__(self):
        super().__init__()
        self.inner, self.outer = keras.layers.Dense(2), keras.layers.Dense(3)

    def call(self, rows):
        return self.outer(self.inner(rows))

    def train_step(self, rows):
        with tf.GradientTape() as tape:
            code = self.inner(rows)
            noisy = code + 0.01 * code
            size = tf.reduce_sum(code ** 2, axis=1)
            error = tf.reduce_mean((rows - self.outer(noisy)) ** 2)
            loss = error + tf.reduce_mean(size)
            loss += 0.1 * error - error
        variables = self.trainable_variables
        self.optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))
        return {"loss": loss, "size": tf.reduce_mean(size)}

model = Squeezed()
model.compile(keras.optimizers.SGD(0.1))
model.fit(x, batch_size=20, epochs=3, shuffle=False, verbose=0)
"""


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("scripts") / "script.py"
    path.write_text(SOURCE)
    return path


@pytest.fixture(scope="module")
def recipe(path: Path) -> Recipe:
    return capture_script(path).recipe


def losses_of(recipe: Recipe, like: Recipe) -> np.ndarray:
    model = like.architecture.source
    start = {v.path: np.array(v.value)[None] for v in model.trainable_variables}
    return KerasEngine(strategy="vmap").train(
        recipe, [1], Watched(recipe.x), probes=False, start=start).loss


def test_what_is_added_up_is_found_with_the_names_of_logs(recipe: Recipe) -> None:
    found = [(term.code, term.log) for term in terms_of(recipe)]
    assert found == [("error", ""), ("tf.reduce_mean(size)", "size"), ("0.1 * error - error", "")]


@pytest.mark.parametrize(("which", "written"), [
    (1, "loss = error + 0.01 * tf.reduce_mean(size)"), (2, "loss += 0.01 * (0.1 * error - error)")])
def test_the_written_weight_is_the_one_that_was_tried(
    path: Path, recipe: Recipe, which: int, written: str
) -> None:
    change = TermWeight.of(terms_of(recipe)[which], 0.0123)
    script, after = Script.read(path), change.apply(recipe)
    edits = change.edit(script, recipe, after)
    assert edits is not None
    edited = script.apply(edits)
    assert written in edited.text
    other = path.with_name(f"edited_{which}.py")
    other.write_text(edited.text)
    losses = losses_of(after, recipe)
    assert not np.allclose(losses, losses_of(recipe, recipe))
    np.testing.assert_allclose(losses, losses_of(capture_script(other).recipe, recipe), rtol=1e-5)


def test_a_term_of_another_file_is_not_written(recipe: Recipe) -> None:
    change = TermWeight.of(terms_of(recipe)[0], 0.5)
    assert change.edit(Script.parse("import x\n" * 60), recipe, change.apply(recipe)) is None
