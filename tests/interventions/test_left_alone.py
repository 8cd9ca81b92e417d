"""Scripts that must be left alone, each with its reason: the change can be tested, not written."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from interventions.sameness import captured
from unstuck.base.errors import NotSupported
from unstuck.interventions import Intervention, edits_for
from unstuck.interventions.activation import Activation
from unstuck.interventions.batch_size import BatchSize
from unstuck.interventions.clipping import NoClipping
from unstuck.interventions.dropout import NoDropout
from unstuck.interventions.epochs import Epochs
from unstuck.interventions.initializer import Initializer
from unstuck.interventions.initializers import Initializers
from unstuck.interventions.learning_rate import LearningRate
from unstuck.interventions.loss import Loss
from unstuck.interventions.optimizer import UseOptimizer
from unstuck.interventions.regularizer import NoRegularizers
from unstuck.interventions.remove_layer import RemoveLayer
from unstuck.interventions.scale_inputs import ScaleInputs
from unstuck.interventions.scale_targets import ScaleTargets
from unstuck.interventions.shuffle import Shuffle
from unstuck.interventions.shuffle_rows import ShuffleRows
from unstuck.interventions.validation_split import ValidationSplit
from unstuck.interventions.width import Width
from unstuck.network.recipe import Recipe

BEFORE = """\
import numpy as np
import keras
from keras import layers
from keras.layers import Dense

x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]] * 5, dtype='float32') * 30
y = x.sum(axis=1)
"""
MODEL = """\
model = keras.Sequential([keras.Input((2,)), Dense(4, "relu"), Dense(3, "relu"), Dense(1)])
"""
COMPILE = """\
model.compile(optimizer="adam", loss="mse")
"""
FIT = """\
model.fit(x, y, validation_split=0.2, shuffle=False)
"""
Try = Callable[[Recipe], Intervention]


def rate(recipe: Recipe) -> Intervention:
    return LearningRate.of(recipe, 0.5)


def epochs(recipe: Recipe) -> Intervention:
    return Epochs.of(recipe, 7)


def wide(recipe: Recipe) -> Intervention:
    return Width.of(recipe, "dense", 16)


def tanh(recipe: Recipe) -> Intervention:
    return Activation.of(recipe, "dense", "tanh")


def whole(model: str = MODEL, compiled: str = COMPILE, fit: str = FIT) -> str:
    return BEFORE + model + compiled + fit


LEFT_ALONE = [
    pytest.param(whole(compiled="s = {'clipnorm': 1.0}\nopt = keras.optimizers.Adam(**s)\n"
                       "model.compile(opt, 'mse')\n"), rate, id="rate may be in **settings"),
    pytest.param(whole(compiled="s = {'clipnorm': 1.0}\nopt = keras.optimizers.Adam(**s)\n"
                       "model.compile(opt, 'mse')\n"), lambda _: NoClipping(),
                 id="clipnorm is in **settings"),
    pytest.param(whole(compiled="def pick():\n    return 'adam'\n\nmodel.compile(pick(), 'mse')\n"),
                 rate, id="optimizer computed elsewhere"),
    pytest.param(whole(compiled="for name in ('sgd', 'adam'):\n    model.compile(name, 'mse')\n"),
                 rate, id="compiled more than once by one line"),
    pytest.param(whole(compiled="class Adam(keras.optimizers.Adam):\n"
                       "    def __init__(self, **rest):\n        super().__init__(**rest)\n\n"
                       "model.compile(Adam(), 'mse')\n"), rate, id="optimizer class of the user's"),
    pytest.param(whole(compiled="given = {'loss': 'mse'}\nmodel.compile('adam', **given)\n"),
                 lambda _: Loss(value="mae"), id="loss is in **given"),
    pytest.param(whole(fit="given = {'epochs': 3}\nmodel.fit(x, y, **given)\n"), epochs,
                 id="epochs are in **given"),
    pytest.param(whole(fit="given = (x, y, 8)\nmodel.fit(*given)\n"),
                 lambda r: BatchSize.of(r, 4), id="batch size is in *given"),
    pytest.param(whole(fit="given = {'shuffle': False}\nmodel.fit(x, y, **given)\n"),
                 lambda _: Shuffle(), id="shuffle is in **given"),
    pytest.param(whole("model = keras.Sequential([keras.Input((2,))])\nfor n in (4, 3):\n"
                       "    model.add(Dense(n, 'relu'))\nmodel.add(Dense(1))\n"), wide,
                 id="width made in a loop"),
    pytest.param(whole("model = keras.Sequential([keras.Input((2,))] + \n"
                       "    [Dense(4, 'relu') for _ in range(2)] + [Dense(1)])\n"), tanh,
                 id="activation made in a comprehension"),
    pytest.param(whole("def dense(n):\n    return Dense(n, 'relu', kernel_regularizer='l2')\n\n"
                       "model = keras.Sequential([keras.Input((2,)), dense(4), dense(3), Dense(1)])"
                       "\n"), lambda r: Width.of(r, "dense", 8), id="made twice in a function"),
    pytest.param(whole("class Dense(layers.Dense):\n"
                       "    def __init__(self, size, **rest):\n"
                       "        rest.pop('units', None)\n"
                       "        super().__init__(size, **rest)\n\n"
                       "    def get_config(self):\n"
                       "        return {'size': self.units, **super().get_config()}\n\n"
                       "model = keras.Sequential([keras.Input((2,)), Dense(4), Dense(1)])\n"),
                 lambda r: Initializer.of(r, "dense", "he_normal"),
                 id="a layer class of the user's, by the name of Keras's"),
    pytest.param(whole("first = Dense(4, 'relu')\n"
                       "model = keras.Sequential([keras.Input((2,)), first, Dense(1)])\n"),
                 lambda _: RemoveLayer(layer="dense"), id="the layer has a name"),
    pytest.param(whole(fit=FIT + "print(model.layers[0].get_weights())\n"),
                 lambda _: ScaleInputs(), id="layers are counted: one more"),
    pytest.param(whole(fit=FIT + "print(len(model.layers))\n"),
                 lambda _: ScaleTargets(), id="layers are counted: one more behind"),
    pytest.param(whole(fit=FIT + "print(model.get_layer('dense_1').get_weights())\n"),
                 lambda _: RemoveLayer(layer="dense"), id="layers are named: one less"),
    pytest.param(whole("i = keras.Input((2,))\nh = keras.ops.multiply(i, 2.0)\n"
                       "model = keras.Model(i, Dense(1)(h))\n"),
                 lambda _: ScaleInputs(), id="an operation reads the input"),
    pytest.param(whole("i = keras.Input((2,))\nh = layers.Concatenate()([Dense(4)(i), i])\n"
                       "model = keras.Model(i, Dense(1)(h))\n"),
                 lambda _: ScaleInputs(), id="two layers read the input"),
    pytest.param(whole("i = keras.Input((2,))\nh = layers.Concatenate()([i, i])\n"
                       "model = keras.Model(i, Dense(1)(h))\n"),
                 lambda _: ScaleInputs(), id="one layer reads the input twice"),
    pytest.param(whole(fit="history = " + FIT + "print(history.history['val_loss'])\n"),
                 lambda _: ValidationSplit(), id="val_loss is read"),
    pytest.param(whole(fit="model.fit(x * 1.0, y, validation_split=0.2)\n"),
                 lambda _: ShuffleRows(), id="x is computed in the call"),
    pytest.param(whole(fit="given = (x, y)\nmodel.fit(*given, validation_split=0.2)\n"),
                 lambda _: ShuffleRows(), id="x is in *given"),
    pytest.param(whole(fit="if len(x): model.fit(x, y, validation_split=0.2)\n"),
                 lambda _: ShuffleRows(), id="no line of its own before fit"),
    pytest.param(whole("drop = {'rate': 0.3}\nmodel = keras.Sequential(["
                       "keras.Input((2,)), *[layers.Dropout(**drop) for _ in '12'], Dense(1)])\n"),
                 lambda _: NoDropout(), id="dropout made in a comprehension"),
]


@pytest.mark.parametrize(("text", "attempt"), LEFT_ALONE)
def test_scripts_left_alone(text: str, attempt: Try) -> None:
    script, recipe = captured(text)
    change = attempt(recipe)
    change.apply(recipe)
    assert edits_for((change,), script, recipe) is None


IMPOSSIBLE = [
    pytest.param(lambda _: RemoveLayer(layer="dense_2"), "output layer", id="remove the output"),
    pytest.param(lambda _: RemoveLayer(layer="nothing"), "no layer 'nothing'", id="no such layer"),
    pytest.param(lambda r: Width(layer="dense_2", value=9, was=1), "output layer",
                 id="another width of the output"),
    pytest.param(lambda _: UseOptimizer(name="Optimizest"), "no optimizer called 'Optimizest'",
                 id="no such optimizer"),
    pytest.param(lambda _: UseOptimizer(name="schedules"), "no optimizer called", id="a module"),
    pytest.param(lambda _: Loss(value="regret"), "no loss called 'regret'", id="no such loss"),
    pytest.param(lambda _: NoClipping(), "does not clip", id="nothing clipped"),
    pytest.param(lambda _: NoDropout(), "no dropout", id="nothing dropped"),
    pytest.param(lambda _: NoDropout(layer="dense"), "no dropout", id="nothing dropped there"),
    pytest.param(lambda _: NoRegularizers(), "No layer has", id="nothing regularised"),
    pytest.param(lambda r: Initializers(value="glorot_uniform", layers=()), "already",
                 id="nothing initialised otherwise"),
]


@pytest.mark.parametrize(("attempt", "reason"), IMPOSSIBLE)
def test_what_cannot_be_done_is_refused_by_name(attempt: Try, reason: str) -> None:
    _, recipe = captured(whole())
    with pytest.raises(NotSupported, match=reason):
        attempt(recipe).apply(recipe)


@pytest.mark.parametrize(("fit", "attempt", "reason"), [
    ("model.fit(x, y)\n", ValidationSplit(), "No validation_split"),
    ("model.fit(x, y)\n", ShuffleRows(), "No validation_split"),
    ("model.fit(x, y, validation_data=(x, y), validation_split=0.2)\n", ValidationSplit(), "No v"),
    ("model.fit(x, y)\n", Shuffle(), "already"),
])
def test_a_fit_without_the_argument(fit: str, attempt: Intervention, reason: str) -> None:
    _, recipe = captured(whole(fit=fit))
    with pytest.raises(NotSupported, match=reason):
        attempt.apply(recipe)
