"""Repairs of several changes: their edits go together, and say what the trial of the set tested."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from interventions.sameness import assert_square, original
from unstuck.base.errors import NotSupported
from unstuck.interventions import Intervention, apply_all, compatible, edits_for
from unstuck.interventions.activation import Activation
from unstuck.interventions.batch_size import BatchSize
from unstuck.interventions.clipping import NoClipping
from unstuck.interventions.dropout import NoDropout
from unstuck.interventions.epochs import Epochs
from unstuck.interventions.hidden_activations import HiddenActivations
from unstuck.interventions.initializer import Initializer
from unstuck.interventions.initializers import Initializers
from unstuck.interventions.learning_rate import LearningRate
from unstuck.interventions.loss import Loss
from unstuck.interventions.optimizer import UseOptimizer
from unstuck.interventions.output_and_loss import OutputAndLoss
from unstuck.interventions.regularizer import NoRegularizers
from unstuck.interventions.remove_layer import RemoveLayer
from unstuck.interventions.scale_inputs import ScaleInputs
from unstuck.interventions.scale_targets import ScaleTargets
from unstuck.interventions.shuffle import Shuffle
from unstuck.interventions.shuffle_rows import ShuffleRows
from unstuck.interventions.validation_split import ValidationSplit
from unstuck.interventions.width import Width
from unstuck.interventions.widths import Widths
from unstuck.network.recipe import Recipe

pytestmark = pytest.mark.filterwarnings("ignore:Do not pass an `input_shape`")

Changes = tuple[Intervention, ...]


def one_layer(recipe: Recipe) -> Changes:
    return (
        Width.of(recipe, "dense_1", 16),
        Activation.of(recipe, "dense_1", "linear"),
        Initializer.of(recipe, "dense_1", "he_normal"),
    )


def optimizer(recipe: Recipe) -> Changes:
    return (LearningRate.of(recipe, 0.5), UseOptimizer(name="SGD"))


def same_optimizer(recipe: Recipe) -> Changes:
    return (LearningRate.of(recipe, 0.5), NoClipping())


def scales(recipe: Recipe) -> Changes:
    return (ScaleInputs(), ScaleTargets())


def scales_and_output(recipe: Recipe) -> Changes:
    return (ScaleInputs(), ScaleTargets(), Epochs.of(recipe, 3), LearningRate.of(recipe, 0.1))


def fewer_layers(recipe: Recipe) -> Changes:
    return (RemoveLayer(layer="dense_1"), Activation.of(recipe, "dense", "linear"))


def without_the_first(recipe: Recipe) -> Changes:
    return (RemoveLayer(layer="dense"), ScaleInputs())


def no_penalties(recipe: Recipe) -> Changes:
    return (NoDropout(), NoRegularizers(), Initializers.of(recipe, "he_uniform"))


def training(recipe: Recipe) -> Changes:
    return (
        Epochs.of(recipe, 50), BatchSize.of(recipe, 4), Shuffle(), ShuffleRows(),
        Loss(value="mean_squared_error"), LearningRate.of(recipe, 0.01),
    )


def everything(recipe: Recipe) -> Changes:
    return (
        Epochs.of(recipe, 50), BatchSize.of(recipe, 4), Shuffle(), ValidationSplit(),
        HiddenActivations.of(recipe, "elu"), Widths.of(recipe, at_least=9),
        OutputAndLoss.of(recipe, "linear", "binary_crossentropy", from_logits=True),
        UseOptimizer(name="Nadam", learning_rate=0.01),
    )


@pytest.mark.parametrize(("style", "repair"), [
    ("functional", one_layer), ("list", one_layer), ("images", optimizer),
    ("functional", optimizer), ("list", optimizer), ("input_dim", optimizer),
    ("unbuilt", optimizer), ("recurrent", optimizer), ("list", same_optimizer),
    ("input_dim", scales), ("unbuilt", scales), ("recurrent", scales),
    ("input_dim", scales_and_output), ("functional", fewer_layers), ("list", fewer_layers),
    ("functional", without_the_first), ("input_dim", without_the_first),
    ("add", no_penalties), ("functional", training), ("add", training), ("list", training),
    ("functional", everything), ("list", everything), ("add", everything),
])
def test_a_set_is_written_as_it_was_tested(
    style: str, repair: Callable[[Recipe], Changes]
) -> None:
    changes = repair(original(style)[1])
    assert compatible(changes)
    assert_square(style, changes)


def test_the_order_of_the_changes_does_not_matter() -> None:
    script, recipe = original("list")
    changes = everything(recipe)
    one, other = edits_for(changes, script, recipe), edits_for(changes[::-1], script, recipe)
    assert one is not None
    assert other is not None
    assert script.apply(one).text == script.apply(other).text


def test_the_repair_of_the_two_bits_reads_as_one_would_write_it() -> None:
    script, recipe = original("functional")
    changes = (
        Width.of(recipe, "dense", 16),
        Activation.of(recipe, "dense_1", "linear"),
        UseOptimizer(name="SGD", learning_rate=0.5),
        ValidationSplit(),
    )
    edits = edits_for(changes, script, recipe)
    assert edits is not None
    assert script.diff(script.apply(edits)) == """\
--- script.py
+++ script.py
@@ -3,0 +4 @@
+import keras
@@ -8,2 +9,4 @@
-h = Dense(4, activation='relu')(inputs)   # the first layer
-h = Dense(2, activation='relu')(h)
+# width: 4 were too few
+h = Dense(16, activation='relu')(inputs)   # the first layer
+# activation: relu puts out nothing below 0, and has no slope there
+h = Dense(2, activation='linear')(h)
@@ -12,2 +15,4 @@
-autoencoder.compile(optimizer='adam', loss='binary_crossentropy')
-autoencoder.fit(x, x, epochs=12, batch_size=8, shuffle=False, validation_split=0.2)
+# optimizer: was Adam at 0.001
+autoencoder.compile(optimizer=keras.optimizers.SGD(learning_rate=0.5), loss='binary_crossentropy')
+# no validation_split
+autoencoder.fit(x, x, epochs=12, batch_size=8, shuffle=False)
"""


def test_changes_of_one_slot_are_not_tried_together() -> None:
    _, recipe = original("functional")
    relu = Activation.of(recipe, "dense", "tanh")
    assert not compatible((relu, Activation.of(recipe, "dense", "elu")))
    assert not compatible((relu, HiddenActivations.of(recipe, "elu")))
    assert not compatible((relu, RemoveLayer(layer="dense")))
    assert not compatible((Loss(value="mse"), OutputAndLoss.of(recipe, "linear", "mse")))
    assert not compatible((ValidationSplit(), ShuffleRows()))
    assert not compatible((
        LearningRate.of(recipe, 0.1), UseOptimizer(name="SGD", learning_rate=0.1)
    ))
    assert compatible((relu, Activation.of(recipe, "dense_1", "tanh")))
    assert compatible((relu, Width.of(recipe, "dense", 8)))


def test_a_layer_put_beside_another_keeps_it() -> None:
    """Taking out what a new layer hangs on would take the new layer out in silence."""
    _, recipe = original("images")
    exchanged = Activation.of(recipe, "re_lu", "tanh").apply(recipe)
    with pytest.raises(NotSupported, match="beside 'batch_normalization'"):
        RemoveLayer(layer="batch_normalization").apply(exchanged)
    with pytest.raises(NotSupported):
        apply_all(
            (Activation.of(recipe, "re_lu", "tanh"), RemoveLayer(layer="re_lu")), recipe
        )
