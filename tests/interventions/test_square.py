"""What `edit` writes, captured again, is what `apply` made: for each change, in many styles.

Every intervention is tried wherever it can be made in each of the scripts. Which of them cannot be
made, or cannot be written, is spelled out, so that an edit that is lost shows here.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from interventions.sameness import assert_square, comparable, original
from interventions.scripts import STYLES
from unstuck.base.errors import NotSupported
from unstuck.diagnosis.changes import restored, stored
from unstuck.interventions import Intervention, all_interventions
from unstuck.interventions._network import hidden_layers, output_layers
from unstuck.interventions.activation import Activation
from unstuck.interventions.adapt_normalization import AdaptNormalization
from unstuck.interventions.add_dropout import AddDropout
from unstuck.interventions.at_output import AtOutput
from unstuck.interventions.axis import LastAxis
from unstuck.interventions.balanced_losses import BalancedLosses
from unstuck.interventions.batch_norm_momentum import BatchNormMomentum
from unstuck.interventions.batch_size import BatchSize
from unstuck.interventions.class_weights import ClassWeights
from unstuck.interventions.clipping import NoClipping
from unstuck.interventions.constraints import NoConstraints
from unstuck.interventions.dense_output import DenseOutput
from unstuck.interventions.drop_missing import DropMissing
from unstuck.interventions.dropout import NoDropout
from unstuck.interventions.early_stopping import Patience
from unstuck.interventions.embedding_size import EmbeddingSize
from unstuck.interventions.epochs import Epochs
from unstuck.interventions.fill_missing import FillMissing
from unstuck.interventions.fresh_weights import FreshWeights
from unstuck.interventions.hidden_activations import HiddenActivations
from unstuck.interventions.initializer import Initializer
from unstuck.interventions.initializers import Initializers
from unstuck.interventions.keep_size import KeepSize
from unstuck.interventions.layer_default import LayerDefault
from unstuck.interventions.learning_rate import LearningRate
from unstuck.interventions.loss import Loss
from unstuck.interventions.loss_reduction import MeanLoss
from unstuck.interventions.loss_weight import LossWeight
from unstuck.interventions.loss_weights import NoLossWeights
from unstuck.interventions.mask_padding import MaskPadding
from unstuck.interventions.optimizer import UseOptimizer
from unstuck.interventions.optimizer_settings import OptimizerSettings
from unstuck.interventions.output_and_loss import OutputAndLoss
from unstuck.interventions.output_bias import OutputBias
from unstuck.interventions.output_units import OutputUnits
from unstuck.interventions.permute_input import PermuteInput
from unstuck.interventions.permute_instead import PermuteInstead
from unstuck.interventions.placebo import Placebo
from unstuck.interventions.precision import Float32
from unstuck.interventions.regularizer import NoRegularizers
from unstuck.interventions.remove_layer import RemoveLayer
from unstuck.interventions.return_sequences import LastStateOnly
from unstuck.interventions.row_weights import NoRowWeights
from unstuck.interventions.scale_data import ScaleData
from unstuck.interventions.scale_inputs import ScaleInputs
from unstuck.interventions.scale_targets import ScaleTargets
from unstuck.interventions.schedule import ConstantRate
from unstuck.interventions.shuffle import Shuffle
from unstuck.interventions.shuffle_rows import ShuffleRows
from unstuck.interventions.swap_labels import SwapLabels
from unstuck.interventions.target_shape import TargetShape
from unstuck.interventions.unfreeze import Unfreeze
from unstuck.interventions.validation_split import ValidationSplit
from unstuck.interventions.warm_up import WarmUp
from unstuck.interventions.weight_rows import WeightRows
from unstuck.interventions.width import Width
from unstuck.interventions.widths import Widths
from unstuck.network import outputs
from unstuck.network.recipe import Recipe
from unstuck.result.documents import to_document
from unstuck.result.results import Change

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
        "fresh_weights": [FreshWeights()],
        "early_stopping": [Patience.of(recipe, None), Patience.of(recipe, 20)],
        "schedule": [ConstantRate.of(recipe)],
        "warm_up": [WarmUp(value=0.003)],
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
        "standardize_data": [],
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
        "unfreeze": [Unfreeze()],
        "precision": [Float32()],
        "constraints": [NoConstraints()],
        "batch_norm_momentum": [BatchNormMomentum(value=0.9)],
        "keep_size": [KeepSize()],
        "return_sequences": [LastStateOnly()],
        "embedding_size": [EmbeddingSize(value=60)], "mask_padding": _if_possible(MaskPadding),
        "axis": [LastAxis()],
        "class_weights": [ClassWeights()],
        "row_weights": [NoRowWeights()],
        "loss_weights": [NoLossWeights()],
        "loss_reduction": [MeanLoss()],
        "output_bias": [OutputBias(layer=layer.name, value=2.5) for layer in output_layers(recipe)],
        "output_units": [
            OutputUnits.of(recipe, 5, "softmax", "sparse_categorical_crossentropy") if classes
            else OutputUnits.of(recipe, np.atleast_2d(recipe.y.T).shape[0], "linear",
                                "mean_absolute_error")
        ] if recipe.architecture.is_graph else [],
        "permute_input": [PermuteInput(dims=[(1,), (2, 1), (2, 1, 3)][recipe.x.ndim - 2])],
        "permute_instead": [PermuteInstead(layer=name) for name in inner],
        "optimizer_settings": [OptimizerSettings()],
        "adapt_normalization": [AdaptNormalization(layer=name) for name in inner],
        "add_dropout": [AddDropout()],
        "at_output": [AtOutput(output="output", change=ScaleTargets())],
        "balanced_losses": [BalancedLosses(weights=(("a", 1.0), ("b", 2.0)))],
        "drop_missing": [DropMissing()], "metric": [], "weight_rows": [WeightRows(weight=99.0)],
        "swap_labels": _if_possible(lambda: SwapLabels.of(recipe)),
        "target_shape": [TargetShape(column=True), TargetShape(column=False)],
        "fill_missing": [FillMissing(mark=-999.0, columns=(0, 1), told=told) for told in (False, True)],
        "stack_depth": [], "stack_normalization": [], "skip_connections": [], "term_weight": [],
        "train_as_fit": [], "trained_through": [], "permute_view": [],
        "batch_first": [], "rates_by_epoch": [],
        "dense_output": _if_possible(lambda: DenseOutput.of(recipe, at_least=8)),
    }


SLOW = {"recurrent", "images", "wrapped"}  # each shape is compiled; one change of a kind will do
ONLY_IN = {  # what needs a part that most scripts do not have
    "layer_default": {"add", "recurrent", "images", "settings"},
    "unfreeze": {"settings", "shapes"}, "precision": {"settings"}, "constraints": {"settings"},
    "batch_norm_momentum": {"settings", "images"}, "keep_size": {"images", "shapes"},
    "return_sequences": {"shapes"}, "embedding_size": {"shapes"},
    "axis": {"settings"}, "class_weights": {"images"}, "row_weights": {"settings"},
    "loss_weights": {"settings"}, "loss_reduction": {"settings"}, "permute_instead": {"shapes"},
    "optimizer_settings": {"settings", "add"}, "adapt_normalization": {"settings"},
    "add_dropout": {"settings"}, "scale_data": {"grey"}, "schedule": {"unbuilt", "keras_1"},
    "early_stopping": set(), "fresh_weights": set(), "dense_output": set(),  # tests of
    "mask_padding": set(), "at_output": set(), "balanced_losses": set(),  # their own
    "drop_missing": set(), "metric": set(), "fill_missing": set(), "weight_rows": set(),
    "swap_labels": {"functional", "list", "add", "recurrent", "subclassed", "keras_1", "tf_keras",
                    "shapes"},
    "target_shape": {"input_dim", "recurrent", "images", "settings"},
    "stack_depth": set(), "stack_normalization": set(), "skip_connections": set(),
    "standardize_data": set(), "train_as_fit": set(), "trained_through": set(), "permute_view": set(),
    "batch_first": set(), "rates_by_epoch": set(), "term_weight": set(),
}
NOT_POSSIBLE = {
    "functional": {"clipping", "scale_targets", "dropout", "regularizer"},
    "list": {"scale_targets", "regularizer"},
    "add": {"clipping"},
    "input_dim": {"clipping", "dropout", "regularizer"},
    "unbuilt": {"warm_up", "clipping", "shuffle", "validation_split", "shuffle_rows", "dropout",
                "regularizer"},
    "recurrent": {"clipping", "shuffle", "validation_split", "shuffle_rows", "regularizer"},
    "images": {"clipping", "shuffle", "validation_split", "shuffle_rows", "scale_targets",
               "dropout", "regularizer"},
    "subclassed": {"warm_up", "clipping", "shuffle", "validation_split", "shuffle_rows", "remove_layer",
                   "scale_targets", "regularizer", "output_units", "permute_input"},
    "settings": {"warm_up", "clipping", "shuffle", "validation_split", "shuffle_rows", "dropout",
                 "regularizer", "scale_inputs", "scale_targets"},
    "shapes": {"warm_up", "clipping", "shuffle", "validation_split", "shuffle_rows", "dropout",
               "regularizer", "scale_inputs"},
    "grey": {"clipping", "shuffle", "validation_split", "shuffle_rows", "dropout", "regularizer"},
    "keras_1": set(),
    "tf_keras": {"scale_targets", "regularizer"},
    "wrapped": {"remove_layer", "clipping", "shuffle", "validation_split", "shuffle_rows",
                "regularizer"},
}


@pytest.mark.parametrize("kind", [name.replace("-", "_") for name in all_interventions()])
@pytest.mark.parametrize("style", STYLES)
def test_the_edit_and_the_trial_change_the_same_thing(style: str, kind: str) -> None:
    _, recipe = original(style)
    possible, written = 0, 0
    tried = candidates(recipe)[kind]
    names = {layer.name for layer in recipe.layers} | set(outputs.names(recipe))
    for change in tried[:1] if style in SLOW else tried:
        kept = to_document(stored((change,)))
        assert restored([Change(**one) for one in json.loads(json.dumps(kept))], names) == (change,)
        try:
            change.apply(recipe)
        except NotSupported:
            continue
        possible += 1
        if change.edit(*original(style), change.apply(recipe)) is None:
            continue
        written += 1
        assert_square(style, (change,))
    expected = kind not in NOT_POSSIBLE[style] and style in ONLY_IN.get(kind, STYLES)
    assert bool(possible) is expected
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


STOPS, CONSTANT = "early_stopping", "schedule"
CALLBACK_CHANGES = {
    "callbacks": [(STOPS, 0), (STOPS, 1), (CONSTANT, 0), (STOPS, 0, CONSTANT, 0),
                  (STOPS, 1, "epochs", 0)],
    "listed": [(STOPS, 0), (STOPS, 1)],
    "plateau": [(CONSTANT, 0), (CONSTANT, 0, "batch_size", 0)],
}


@pytest.mark.parametrize(("style", "chosen"), [
    pytest.param(style, chosen, id=f"{style}-{chosen}")
    for style, sets in CALLBACK_CHANGES.items() for chosen in sets])
def test_callbacks_are_written_as_they_were_tried(style: str, chosen: tuple[Any, ...]) -> None:
    known = candidates(original(style)[1])
    pairs = zip(chosen[::2], chosen[1::2], strict=True)
    assert_square(style, tuple(known[kind][number] for kind, number in pairs))
