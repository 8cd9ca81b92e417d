"""Scripts whose `fit` fails, or which fail before it: each gets its cause, its line and a change."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from unstuck.base.errors import Located
from unstuck.capture import capture_script
from unstuck.capture.failing import cause_of

CRASHING = Path(__file__).parents[2] / "specimens" / "crashing"
CAUSES = {
    "generator_of_three": (22, "takes 2 inputs. A batch of three things", "yield (x_1, x_2), y"),
    "images_without_channels": (10, "conv2d (Conv2D) is given (rows, 12, 12)", "x[..., None]"),
    "labels_are_words": (14, "y has the dtype <U3", "np.unique(y, return_inverse=True)[1]"),
    "layers_do_not_fit": (11, "add (Add) is given (rows, 8) and (rows, 16)", "of one width"),
    "misspelled_activation": (10, "Keras knows no activation 'rellu'", "'relu'"),
    "misspelled_loss": (13, "Keras knows no loss 'binary_cross_entropy'", "'binary_crossentropy'"),
    "one_hot_for_sparse_loss": (13, "y is one-hot, (64, 3)", "loss='categorical_crossentropy'"),
    "one_row_without_batch_axis": (15, "that of one row", "x[None]"),
    "one_target_for_two_outputs": (15, "has 2 outputs (sign, size), and y holds 1 array", "[y_1, y_2]"),
    "output_of_other_width": (11, "rows of y are (3,), and those of the output (4,)", "3 units"),
    "rows_of_different_lengths": (15, "x has the dtype object", "its rows have 3 to 8 numbers"),
    "sparse_for_one_hot_loss": (13, "y holds numbers of classes", "'sparse_categorical_crossentropy'"),
    "targets_of_other_length": (14, "x has 64 rows (64, 8), y has 60 rows", ""),
    "wrong_last_dimension": (15, "rows of (8), but the model's input takes rows of (10)",
                             "keras.Input((8,))"),
}
TRAINED = {"fractions_for_sparse_loss", "labels_from_one"}
"""Keras trains these on JAX, and learns nothing from the rows in question: facts of a check say so."""


@pytest.mark.parametrize("path", sorted(CRASHING.glob("*.py")), ids=lambda path: path.stem)
def test_what_fails_gets_its_cause_its_line_and_a_change(path, capfd):
    if path.stem in TRAINED:
        assert capture_script(path).recipe.updates == 40
        return
    line, cause, change = CAUSES[path.stem]
    with pytest.raises(Located) as raised:
        capture_script(path)
    told = raised.value
    assert told.exit_code == 4
    assert (told.file, told.line) == (path.name, line)
    assert told.source and told.source in path.read_text()
    assert cause in told.message and change in told.change
    assert ("Traceback" in capfd.readouterr().err) is ("before any fit" in told.message)


def test_axes_of_a_layer_that_was_built_for_others():
    layer = keras.layers.Dense(3)
    layer.build((None, 4))
    with pytest.raises(ValueError, match="axis -1") as raised:
        layer(np.zeros((2, 5), "float32"))
    cause = cause_of(raised.value)
    assert cause is not None and "is given (rows, 5), and takes 4 in axis -1" in cause.message


def test_an_error_that_is_none_of_keras_has_no_cause_here():
    assert cause_of(ValueError("something else")) is None
