"""What `edit` writes, captured again, is what `apply` made: for each change, in many styles.

Every intervention is tried wherever it can be made in each of the scripts. Which of them cannot be
made, or cannot be written, is spelled out, so that an edit that is lost shows here.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import pytest

from interventions.sameness import assert_square, comparable, original
from interventions.scripts import STYLES
from unstuck.errors import NotSupported
from unstuck.interventions import Intervention, all_interventions
from unstuck.interventions._network import hidden_layers
from unstuck.interventions.activation import Activation
from unstuck.interventions.batch_size import BatchSize
from unstuck.interventions.clipping import NoClipping
from unstuck.interventions.dropout import NoDropout
from unstuck.interventions.epochs import Epochs
from unstuck.interventions.hidden_activations import HiddenActivations
from unstuck.interventions.initializer import Initializer
from unstuck.interventions.initializers import Initializers
from unstuck.interventions.layer_default import LayerDefault
from unstuck.interventions.learning_rate import LearningRate
from unstuck.interventions.loss import Loss
from unstuck.interventions.loss_weight import LossWeight
from unstuck.interventions.optimizer import UseOptimizer
from unstuck.interventions.output_and_loss import OutputAndLoss
from unstuck.interventions.placebo import Placebo
from unstuck.interventions.regularizer import NoRegularizers
from unstuck.interventions.remove_layer import RemoveLayer
from unstuck.interventions.scale_data import ScaleData
from unstuck.interventions.scale_inputs import ScaleInputs
from unstuck.interventions.scale_targets import ScaleTargets
from unstuck.interventions.shuffle import Shuffle
from unstuck.interventions.shuffle_rows import ShuffleRows
from unstuck.interventions.validation_split import ValidationSplit
from unstuck.interventions.width import Width
from unstuck.interventions.widths import Widths
from unstuck.recipe import Recipe

pytestmark = pytest.mark.filterwarnings("ignore:Do not pass an `input_shape`")


def _if_possible(make: Callable[[], Intervention]) -> list[Intervention]:
    try:
        return [make()]
    except NotSupported:
        return []


def candidates(recipe: Recipe) -> dict[str, list[Intervention]]:
    """Every change that could be tried on a recipe, by the kind of change."""
    classes = recipe.loss_config[0] == "sparse_categorical_crossentropy"
    entropy = "sparse_categorical_crossentropy" if classes else "binary_crossentropy"
    active = [layer.name for layer in recipe.layers if layer.activation is not None]
    kernels = [layer.name for layer in recipe.layers if "kernel_initializer" in layer.config]
    inner = [layer.name for layer in recipe.layers if layer.kind != "InputLayer"]
    return {
        "learning_rate": [LearningRate.of(recipe, 0.03), LearningRate.of(recipe, 1e-5)],
        "optimizer": [
            UseOptimizer(name="SGD", learning_rate=0.1),
            UseOptimizer(name="Adam"),
            UseOptimizer(name="AdamW"),
        ],
        "clipping": [NoClipping()],
        "epochs": [Epochs.of(recipe, 120)],
        "batch_size": [BatchSize.of(recipe, 5)],
        "shuffle": [Shuffle()],
        "validation_split": [ValidationSplit(), ValidationSplit(value=0.4)],
        "shuffle_rows": [ShuffleRows()],
        "activation": [
            Activation.of(recipe, name, value)
            for name in active for value in ("linear", "tanh")
        ],
        "hidden_activations": [
            *([HiddenActivations.recurrent(recipe, "elu")]
              if "GRU" in {layer.wrapped or layer.kind for layer in recipe.layers} else []),
            HiddenActivations.of(recipe, "leaky_relu"),
            HiddenActivations.of(recipe, "selu", linear_too=True),
        ],
        "width": [Width.of(recipe, layer.name, 16) for layer in hidden_layers(recipe)],
        "widths": [Widths.of(recipe, at_least=5), Widths.of(recipe, factor=3)],
        "remove_layer": [RemoveLayer(layer=name) for name in inner],
        "initializer": [Initializer.of(recipe, name, "he_normal") for name in kernels],
        "initializers": [Initializers.of(recipe, "lecun_uniform")],
        "loss": [
            Loss(value=entropy if classes else "mean_absolute_error"),
            Loss(value=entropy, from_logits=True),
        ],
        "loss_weight": [LossWeight(value=64.0), LossWeight(value=0.01)],
        "output_and_loss": [
            OutputAndLoss.of(recipe, "softmax" if classes else "sigmoid", entropy),
            OutputAndLoss.of(recipe, "linear", entropy, from_logits=True),
        ],
        "scale_inputs": [ScaleInputs()],
        "scale_targets": [ScaleTargets()],
        "scale_data": _if_possible(lambda: ScaleData.of(recipe)),
        "dropout": [NoDropout()],
        "regularizer": [NoRegularizers()],
        "layer_default": [
            LayerDefault(layers=names, argument=argument, value=value)
            for kinds, argument, value in (
                (("LSTM", "GRU"), "recurrent_activation", "hard_sigmoid"),
                (("GRU",), "reset_after", False),
                (("BatchNormalization",), "momentum", 0.9),
            )
            if (names := tuple(x.name for x in recipe.layers if x.kind in kinds))
        ] + [
            LayerDefault(layers=(x.name,), argument="activity_regularizer", value=(0.25, 0.0))
            for x in recipe.layers if x.config.get("activity_regularizer")
        ],
        "placebo": [Placebo()],
    }


SLOW = {"recurrent", "images", "wrapped"}  # each shape is compiled; one change of a kind will do
NOT_POSSIBLE = {
    "functional": {"layer_default", "clipping", "scale_targets", "dropout", "regularizer"},
    "list": {"layer_default", "scale_targets", "regularizer"},
    "add": {"clipping"},
    "input_dim": {"layer_default", "clipping", "dropout", "regularizer"},
    "unbuilt": {"layer_default", "clipping", "shuffle", "validation_split", "shuffle_rows", "dropout",
                "regularizer"},
    "recurrent": {"clipping", "shuffle", "validation_split", "shuffle_rows", "regularizer"},
    "images": {"clipping", "shuffle", "validation_split", "shuffle_rows", "scale_targets",
               "dropout", "regularizer"},
    "subclassed": {"layer_default", "clipping", "shuffle", "validation_split", "shuffle_rows",
                   "remove_layer", "scale_inputs", "scale_targets", "regularizer"},
    "grey": {"layer_default", "clipping", "shuffle", "validation_split", "shuffle_rows", "dropout",
             "regularizer"},
    "keras_1": {"layer_default"},
    "tf_keras": {"layer_default", "scale_targets", "regularizer"},
    "wrapped": {"remove_layer", "clipping", "shuffle", "validation_split", "shuffle_rows",
                "regularizer"},
}


@pytest.mark.parametrize("kind", [name.replace("-", "_") for name in all_interventions()])
@pytest.mark.parametrize("style", STYLES)
def test_the_edit_and_the_trial_change_the_same_thing(style: str, kind: str) -> None:
    _, recipe = original(style)
    possible, written = 0, 0
    tried = candidates(recipe)[kind]
    for change in tried[:1] if style in SLOW else tried:
        try:
            change.apply(recipe)
        except NotSupported:
            continue
        possible += 1
        if change.edit(*original(style), change.apply(recipe)) is None:
            continue
        written += 1
        assert_square(style, (change,))
    lost = NOT_POSSIBLE[style] | (set() if style == "grey" else {"scale_data"})
    assert bool(possible) is (kind not in lost)
    assert written == possible, "cannot be written"


@pytest.mark.parametrize("style", sorted(STYLES.keys() - SLOW))
def test_no_change_touches_the_control(style: str) -> None:
    _, recipe = original(style)
    before = comparable(recipe)
    for changes in candidates(recipe).values():
        for change in changes:
            with contextlib.suppress(NotSupported):
                change.apply(recipe)
    assert comparable(recipe) == before
