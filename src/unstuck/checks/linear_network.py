"""Layers upon layers that are one linear map."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from unstuck.network.layers import Layer

from . import Check, Family, Finding, Observation, measured
from . import _anatomy as anatomy
from . import _tries as tries

WITH_WEIGHTS = frozenset({
    "Dense", "EinsumDense", "Conv1D", "Conv2D", "Conv3D", "Conv1DTranspose", "Conv2DTranspose",
    "Conv3DTranspose", "DepthwiseConv1D", "DepthwiseConv2D", "SeparableConv1D", "SeparableConv2D",
})
# Once trained, or by their nature, linear (or affine) in what they read.
LINEAR = WITH_WEIGHTS | frozenset({
    "InputLayer", "Flatten", "Reshape", "Permute", "RepeatVector", "Identity", "Dropout",
    "SpatialDropout1D", "SpatialDropout2D", "BatchNormalization", "Normalization", "Rescaling",
    "AveragePooling1D", "AveragePooling2D", "GlobalAveragePooling1D", "GlobalAveragePooling2D",
    "ZeroPadding1D", "ZeroPadding2D", "Cropping1D", "Cropping2D", "UpSampling1D", "UpSampling2D",
    "Concatenate", "Add", "Subtract", "Average", "ActivityRegularization", "GaussianNoise",
})


@dataclass(frozen=True)
class LinearNetwork(Check):
    """Without an activation between them, any number of layers is one linear map.

    ## What it sees
    Two or more layers with weights and nothing nonlinear before the output's own activation, in a
    network that fails.

    ## Why learning stops
    A linear map of a linear map is linear: W2 (W1 x + b1) + b2 = (W2 W1) x + (W2 b1 + b2). Whatever
    their widths, such layers can do what a single one can: fit a plane, draw a straight border.
    `Dense` has no activation unless it is given one.

    ## What it tries
    ReLU in all hidden layers.

    ## Example
        [layers.Dense(16), layers.Dense(1)]                       # a straight line, however wide
        [layers.Dense(16, activation="relu"), layers.Dense(1)]    # curves

    ## When it is wrong
    That it is linear is exact. Linear networks are right for linear data, and a linear autoencoder
    is principal component analysis, which may be all that is wanted.

    ## References
    Goodfellow et al. 2016, Deep Learning, section 6.1, for XOR.
    """

    family: ClassVar[Family] = Family.ACTIVATION

    def look(self, seen: Observation) -> Iterator[Finding]:
        """The layers with weights, if nothing stands between them."""
        head = anatomy.head(seen.recipe)
        if head is None:
            return
        weighted = [layer for layer in seen.recipe.layers if layer.kind in WITH_WEIGHTS]
        if len(weighted) < 2 or not all(self._is_linear(layer, head)
                                        for layer in seen.recipe.layers):
            return
        best = {name: score for name, score in seen.goal.references.items()
                if name in ("ridge regression", "logistic regression")}
        limit = "".join(f"; a plain {name} reaches {score:.3g} ({seen.goal.metric})"
                        for name, score in best.items())
        yield self.fact(
            f"{', '.join(layer.name for layer in weighted)} have no activation between them: the"
            f" {len(weighted)} layers are one linear map{limit}.",
            measured("layers with weights that make one linear map", len(weighted), 1, "layers"),
            site=anatomy.site(weighted[0]),
            tries=tries.hidden_activations(seen.recipe, "relu", linear_too=True),
        )

    def _is_linear(self, layer: Layer, head: anatomy.Head) -> bool:
        if layer.name == head.layer.name:
            return True
        return (layer.kind in LINEAR or layer.kind == "Activation") and (
            layer.activation in (None, "linear"))
