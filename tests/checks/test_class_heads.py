"""The end of a model that is written as a class, and of one that a loop by hand trains."""

from __future__ import annotations

import pytest

from checks.helpers import findings, observed
from unstuck.capture import capture_text
from unstuck.checks import _anatomy as anatomy
from unstuck.interventions import edits_for

CLASS = """\
import numpy as np
import tensorflow as tf

x = np.random.default_rng(0).normal(size=(40, 4)).astype("float32")
y = np.arange(40) % 3


class Net(tf.keras.Model):
    def __init__(self):
        super().__init__()
        self.first = tf.keras.layers.Dense(8, activation="relu")
        self.last = tf.keras.layers.Dense(3, activation="softmax")

    def call(self, x):
        return RETURNED


model = Net()
loss_object = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
optimizer = tf.keras.optimizers.Adam()
"""
FIT = "model.compile(optimizer, loss_object)\nmodel.fit(x, y, epochs=2, verbose=0)\n"
LOOP = """\
for epoch in range(2):
    for rows, labels in tf.data.Dataset.from_tensor_slices((x, y)).batch(8):
        with tf.GradientTape() as tape:
            loss = loss_object(labels, model(rows, training=True))
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables))
"""


@pytest.mark.parametrize("training", [FIT, LOOP], ids=["fit", "loop"])
def test_its_last_layer_is_told_by_what_the_model_puts_out(training: str) -> None:
    text = CLASS.replace("RETURNED", "self.last(self.first(x))") + training
    found = capture_text(text)
    head = anatomy.head(found.recipe)
    assert head is not None
    assert (head.activation, head.units) == ("softmax", 3)
    (finding,) = findings("loss-does-not-suit-targets", observed(found.recipe))
    assert "softmax has made probabilities of it already" in finding.message
    assert found.script is not None
    edits = edits_for(finding.interventions[:1], found.script, found.recipe)
    assert edits is not None
    edited = found.script.apply(edits).text
    if training is LOOP:
        assert "loss_object = tf.keras.losses.SparseCategoricalCrossentropy()\n" in edited
    assert capture_text(edited).recipe.loss_config[1].get("from_logits", False) is False


def test_a_layer_that_something_is_done_behind_is_no_end() -> None:
    text = CLASS.replace("RETURNED", "2.0 * self.last(self.first(x))") + FIT
    assert anatomy.head(capture_text(text).recipe) is None
