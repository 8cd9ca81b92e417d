"""Trainings as users write them, for the test that a replica's training is Keras's own.

Each function is one training: it makes a compiled model and the arguments of `fit`. Together they
cover the families of layers, all optimizers, the losses and the options of `compile` and `fit`;
each varies several things at once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import keras
import numpy as np
from keras import layers

Training = tuple[keras.Model, dict[str, Any]]
CASES: dict[str, Callable[[], Training]] = {}
"""Every training by its name."""
MORE: set[str] = set()
"""Those that run only with UNSTUCK_SLOW=1."""


def case(make: Callable[[], Training]) -> Callable[[], Training]:
    """Register a training."""
    CASES[make.__name__] = make
    return make


def slow(make: Callable[[], Training]) -> Callable[[], Training]:
    """Register a training that runs only with UNSTUCK_SLOW=1."""
    MORE.add(make.__name__)
    return case(make)


def numbers(*shape: int, seed: int = 0) -> np.ndarray[Any, Any]:
    """Standard normal numbers."""
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def classes(rows: int, count: int, seed: int = 1) -> np.ndarray[Any, Any]:
    """Class numbers."""
    return np.random.default_rng(seed).integers(0, count, rows)


def bits(*shape: int, seed: int = 2) -> np.ndarray[Any, Any]:
    """Zeros and ones."""
    return np.random.default_rng(seed).integers(0, 2, shape).astype("float32")


ROWS = 52
FIT = {"batch_size": 8, "epochs": 7}
"""Six full batches and a short one, seven times: 49 updates."""


@case
def dense_adam() -> Training:
    """The story: sigmoid outputs, a validation split, metrics by name."""
    model = keras.Sequential([
        keras.Input((4,)),
        layers.Dense(8, activation="relu"),
        layers.Dense(2, activation="relu", kernel_initializer="he_normal"),
        layers.Dense(4, activation="sigmoid"),
    ])
    model.compile("adam", "binary_crossentropy", metrics=["accuracy", "mae"])
    x = bits(ROWS, 4)
    return model, {"x": x, "y": x, "validation_split": 0.2, "batch_size": 6, "epochs": 8}


@case
def convolutions_momentum() -> Training:
    """An image autoencoder, no short batch, SGD with Nesterov momentum and a clipped norm."""
    model = keras.Sequential([
        keras.Input((8, 8, 1)),
        layers.Conv2D(4, 3, padding="same", activation="relu"),
        layers.MaxPooling2D(),
        layers.Conv2D(3, 3, strides=2, padding="same", activation="elu"),
        layers.UpSampling2D(2),
        layers.Conv2DTranspose(4, 3, strides=2, padding="same", activation="relu"),
        layers.Conv2D(1, 3, padding="same"),
    ])
    model.compile(keras.optimizers.SGD(0.05, momentum=0.9, nesterov=True, clipnorm=0.5), "mse")
    x = numbers(24, 8, 8, 1)
    return model, {"x": x, "y": x, "batch_size": 8, "epochs": 17}


@case
def image_classifier_regularised() -> Training:
    """Flatten, batch normalisation, regularisers, class weights, integer labels and logits."""
    model = keras.Sequential([
        keras.Input((8, 8, 2)),
        layers.Conv2D(4, 3, kernel_regularizer="l2", use_bias=False),
        layers.BatchNormalization(momentum=0.9),
        layers.ReLU(),
        layers.AveragePooling2D(2),
        layers.Flatten(),
        layers.Dense(6, activation="tanh", bias_regularizer=keras.regularizers.L1(0.01),
                     activity_regularizer=keras.regularizers.L2(0.01)),
        layers.Dense(3),
    ])
    model.compile(
        keras.optimizers.AdamW(0.002, weight_decay=0.02, clipvalue=0.3),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    return model, {"x": numbers(40, 8, 8, 2), "y": classes(40, 3), "validation_split": 0.2,
                   "class_weight": {0: 1.0, 1: 3.0, 2: 0.5}, "batch_size": 8, "epochs": 13}


@case
def lstm_dropout() -> Training:
    """Dropout, whose masks come from Keras's own seeds, and centred RMSprop."""
    model = keras.Sequential([
        keras.Input((5, 3)),
        layers.Dropout(0.3),
        layers.LSTM(4),
        layers.GaussianNoise(0.1),
        layers.Dense(1),
    ])
    model.compile(keras.optimizers.RMSprop(0.005, momentum=0.5, centered=True), "mae")
    return model, {"x": numbers(24, 5, 3), "y": numbers(24, 1, seed=5), "batch_size": 8,
                   "epochs": 17}


@case
def words_gru() -> Training:
    """Embedding with a mask, GRU, sample weights, weighted metrics, validation data."""
    model = keras.Sequential([
        keras.Input((6,), dtype="int32"),
        layers.Embedding(11, 4, mask_zero=True),
        layers.GRU(3),
        layers.Dense(1, activation="sigmoid"),
    ])
    model.compile(keras.optimizers.Nadam(0.01), "binary_crossentropy",
                  weighted_metrics=["accuracy"])
    words = np.random.default_rng(4).integers(0, 11, (24, 6))
    held = np.random.default_rng(5).integers(0, 11, (8, 6)), bits(8), np.linspace(0.1, 2, 8)
    return model, {"x": words, "y": bits(24), "sample_weight": np.linspace(0.2, 2, 24),
                   "validation_data": held, "batch_size": 8, "epochs": 17}


@slow
def bidirectional() -> Training:
    """Recurrent dropout, layers that keep sequences, both directions, a metric with a state."""
    model = keras.Sequential([
        keras.Input((7,), dtype="int32"),
        layers.Embedding(11, 4, mask_zero=True),
        layers.LSTM(4, return_sequences=True, dropout=0.2, recurrent_dropout=0.1),
        layers.Bidirectional(layers.GRU(3)),
        layers.Dense(1, activation="sigmoid"),
    ])
    model.compile("nadam", "binary_crossentropy", metrics=[keras.metrics.AUC(num_thresholds=20)])
    words = np.random.default_rng(4).integers(0, 11, (ROWS, 7))
    return model, {"x": words, "y": bits(ROWS), "validation_split": 0.3, "batch_size": 5,
                   "epochs": 7}


@case
def sequences_simple_rnn() -> Training:
    """Conv1D, SimpleRNN, a layer over time, Adagrad under a schedule."""
    model = keras.Sequential([
        keras.Input((9, 2)),
        layers.Conv1D(4, 3, activation="gelu"),
        layers.MaxPooling1D(2),
        layers.SimpleRNN(4, return_sequences=True),
        layers.TimeDistributed(layers.Dense(2)),
        layers.GlobalAveragePooling1D(),
    ])
    rate = keras.optimizers.schedules.ExponentialDecay(0.05, decay_steps=10, decay_rate=0.8)
    model.compile(keras.optimizers.Adagrad(rate), keras.losses.Huber(0.5))
    return model, {"x": numbers(24, 9, 2), "y": numbers(24, 2, seed=6), "batch_size": 8,
                   "epochs": 17}


@case
def two_in_two_out() -> Training:
    """A graph: shared layer, Add, Concatenate, two inputs in a list, two outputs by name."""
    left, right = keras.Input((4,), name="left"), keras.Input((4,), name="right")
    shared = layers.Dense(5, activation="swish", name="shared")
    one, two = shared(left), shared(right)
    joined = layers.Concatenate()([layers.Add()([one, two]), layers.Multiply()([one, two]) - one])
    normed = layers.LayerNormalization()(joined)
    model = keras.Model([left, right], [
        layers.Dense(3, activation="softmax", name="kind")(normed),
        layers.Dense(1, name="size")(normed),
    ])
    model.compile(
        keras.optimizers.Adamax(0.01),
        {"kind": "categorical_crossentropy", "size": "mse"},
        loss_weights={"kind": 1.0, "size": 0.3}, metrics={"kind": "accuracy", "size": ["mae"]})
    y = {"kind": np.eye(3, dtype="float32")[classes(ROWS, 3)], "size": numbers(ROWS, 1, seed=7)}
    return model, {"x": [numbers(ROWS, 4), numbers(ROWS, 4, seed=8)], "y": y,
                   "validation_split": 0.3, "batch_size": 7, "epochs": 9}


@case
def inputs_by_name() -> Training:
    """Inputs in a dict, outputs in a list, Lion, averaged weights at the end."""
    inputs = {"b": keras.Input((3,), name="b"), "a": keras.Input((2,), name="a")}
    joined = layers.Concatenate()([inputs["a"], inputs["b"]])
    hidden = layers.Dense(6, activation="selu", kernel_initializer="lecun_normal")(joined)
    hidden = layers.AlphaDropout(0.1)(hidden)
    model = keras.Model(inputs, [layers.Dense(1)(hidden), layers.Dense(2)(hidden)])
    model.compile(keras.optimizers.Lion(0.002, use_ema=True, ema_momentum=0.9), ["mse", "mae"],
                  loss_weights=[1.0, 2.0])
    x = {"a": numbers(ROWS, 2), "b": numbers(ROWS, 3, seed=9)}
    return model, {"x": x, "y": [numbers(ROWS, 1, seed=10), numbers(ROWS, 2, seed=11)], **FIT}


class Residual(keras.Model):  # type: ignore[misc]
    """A model whose connections are Python code."""

    def __init__(self, units: int = 4, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units
        self.first = layers.Dense(units, activation="relu")
        self.normed = layers.BatchNormalization()
        self.drop = layers.Dropout(0.2)
        self.last = layers.Dense(units)

    def call(self, x: Any, training: bool = False) -> Any:
        """The output, with a penalty."""
        hidden = self.drop(self.normed(self.first(x), training=training), training=training)
        self.add_loss(0.01 * keras.ops.mean(keras.ops.square(hidden)))
        return x + self.last(hidden)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"units": self.units}


@case
def subclassed() -> Training:
    """A subclassed model with a penalty of its own, and a loss that is a function."""
    def squared(y: Any, prediction: Any) -> Any:
        return keras.ops.mean(keras.ops.square(y - prediction) ** 1.5, axis=-1)

    model = Residual(4)
    model.compile(keras.optimizers.Adam(0.003, amsgrad=True, global_clipnorm=1.0), squared)
    return model, {"x": numbers(ROWS, 4), "y": numbers(ROWS, 4, seed=12),
                   "validation_split": 0.1, "batch_size": 6, "epochs": 7}


class Halved(keras.Model):  # type: ignore[misc]
    """A model with a step of its own, in JAX's form: half the gradient."""

    def train_step(self, state: Any, data: Any) -> Any:
        """One update."""
        trainable, non_trainable, optimizer, metrics = state
        x, y = data
        compute = jax.value_and_grad(self.compute_loss_and_updates, has_aux=True)
        (loss, (_, _, non_trainable, metrics)), gradients = compute(
            trainable, non_trainable, metrics, x, y, None, training=True,
            optimizer_variables=optimizer)
        halves = [g / 2 for g in gradients]
        trainable, optimizer = self.optimizer.stateless_apply(optimizer, halves, trainable)
        tracker = self.metrics[0]
        metrics = tracker.stateless_update_state(metrics, loss)
        return ({"loss": tracker.stateless_result(metrics)},
                (trainable, non_trainable, optimizer, metrics))


@case
def own_train_step() -> Training:
    """An overridden `train_step`, whose epoch's loss is a mean over batches, not rows."""
    entry = keras.Input((3,))
    model = Halved(entry, layers.Dense(2)(layers.Dense(4, activation="tanh")(entry)))
    model.compile(keras.optimizers.Adadelta(0.5), "log_cosh")
    return model, {"x": numbers(ROWS, 3), "y": numbers(ROWS, 2, seed=13), **FIT}


@case
def statistics_kept() -> Training:
    """An adapted Normalization, a frozen layer, constraints, a summed loss, Ftrl."""
    scale = layers.Normalization()
    scale.adapt(3 + 5 * numbers(ROWS, 4))
    model = keras.Sequential([
        keras.Input((4,)),
        scale,
        layers.Dense(5, activation="softplus", trainable=False),
        layers.Dense(4, activation="relu", kernel_constraint=keras.constraints.UnitNorm(),
                     bias_constraint="non_neg"),
        layers.Dense(1, activation="exponential"),
    ])
    model.compile(keras.optimizers.Ftrl(0.01, l1_regularization_strength=0.001),
                  keras.losses.Poisson(reduction="sum"))
    return model, {"x": 3 + 5 * numbers(ROWS, 4), "y": np.abs(numbers(ROWS, 1)), **FIT}


@case
def attention_cosine() -> Training:
    """Attention, group and unit normalisation, one batch larger than the data, Adafactor."""
    entry = keras.Input((5, 4))
    attended = layers.MultiHeadAttention(1, 3, use_bias=False)(entry, entry)
    hidden = layers.GroupNormalization(2)(layers.Add()([entry, attended]))
    out = layers.UnitNormalization()(layers.Dense(3)(layers.GlobalMaxPooling1D()(hidden)))
    model = keras.Model(entry, out)
    model.compile(keras.optimizers.Adafactor(0.01), keras.losses.CosineSimilarity())
    return model, {"x": numbers(ROWS, 5, 4), "y": numbers(ROWS, 3, seed=14), "batch_size": 64,
                   "epochs": 50, "shuffle": False}


@case
def nested_and_accumulated() -> Training:
    """A model within a model, gradients over two batches, every row weighted in both outputs."""
    inner_in = keras.Input((3,))
    inner = keras.Model(inner_in, layers.Dense(3, activation="relu")(inner_in), name="inner")
    entry = keras.Input((3,))
    twice = inner(inner(entry))
    model = keras.Model(entry, [layers.Dense(1, name="p")(twice), layers.Dense(1, name="q")(entry)])
    model.compile(keras.optimizers.Adam(0.01, gradient_accumulation_steps=2),
                  ["mse", keras.losses.Huber()])
    weights = [np.linspace(0.5, 1.5, ROWS), np.linspace(1.5, 0.5, ROWS)]
    return model, {"x": numbers(ROWS, 3), "y": [numbers(ROWS, 1), numbers(ROWS, 1, seed=15)],
                   "sample_weight": weights, **FIT}


def _simple(optimizer: Any, loss: Any, kind: str) -> Training:
    last = {"normal": "linear", "unit": "sigmoid", "sign": "tanh"}.get(kind, "softmax")
    model = keras.Sequential([
        keras.Input((4,)), layers.Dense(6, activation="tanh"), layers.Dense(3, activation=last)])
    model.compile(optimizer, loss)
    raw = numbers(ROWS, 3, seed=16)
    y = {"normal": raw, "unit": bits(ROWS, 3), "sign": 2 * bits(ROWS, 3) - 1,
         "share": np.eye(3, dtype="float32")[classes(ROWS, 3)],
         "label": classes(ROWS, 3)}[kind]
    return model, {"x": numbers(ROWS, 4), "y": y, **FIT}


_SIMPLE: dict[str, tuple[Callable[[], Any], Callable[[], Any], str]] = {
    "muon": (lambda: keras.optimizers.Muon(0.01), lambda: "hinge", "sign"),
    "schedule_free": (lambda: keras.optimizers.ScheduleFreeAdamW(0.01), lambda: "mse", "normal"),
    "sgd_plain": (lambda: keras.optimizers.SGD(0.1), lambda: "kl_divergence", "share"),
    "sgd_decay": (lambda: keras.optimizers.SGD(0.1, momentum=0.5, weight_decay=0.01),
                  lambda: keras.losses.CategoricalCrossentropy(label_smoothing=0.1), "share"),
    "loss_scaled": (lambda: keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam(0.01)),
                    lambda: keras.losses.CategoricalFocalCrossentropy(), "share"),
    "ema_now_and_then": (
        lambda: keras.optimizers.Adam(0.01, use_ema=True, ema_overwrite_frequency=5),
        lambda: keras.losses.BinaryFocalCrossentropy(), "unit"),
    "cosine_schedule": (
        lambda: keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(
            0.001, 30, warmup_target=0.02, warmup_steps=10)),
        lambda: "squared_hinge", "sign"),
    "msle": (lambda: "rmsprop", lambda: "msle", "unit"),
    "mape": (lambda: keras.optimizers.SGD(0.0001), lambda: "mape", "sign"),
    "tversky": (lambda: "adamw", lambda: "tversky", "unit"),
    "dice": (lambda: "adagrad", lambda: "dice", "unit"),
    "categorical_hinge": (lambda: "adamax", lambda: "categorical_hinge", "share"),
    "mean_over_weights": (
        lambda: "nadam",
        lambda: keras.losses.MeanSquaredError(reduction="mean_with_sample_weight"), "normal"),
    "generalised": (
        lambda: "adam", lambda: keras.losses.CategoricalGeneralizedCrossEntropy(), "label"),
    "sparse": (lambda: keras.optimizers.Adam(0.01, epsilon=1e-3),
               lambda: keras.losses.SparseCategoricalCrossentropy(ignore_class=1), "label"),
}
if not hasattr(keras.optimizers, "ScheduleFreeAdamW"):  # Keras 3.13
    del _SIMPLE["schedule_free"]

for _name, (_optimizer, _loss, _kind) in _SIMPLE.items():
    CASES[_name] = lambda o=_optimizer, c=_loss, k=_kind: _simple(o(), c(), k)  # type: ignore[misc]
    if _name not in ("muon", "schedule_free", "loss_scaled"):
        MORE.add(_name)


def _watched(*callbacks: Any, metrics: Any = None, optimizer: Any = "adam", **more: Any) -> Training:
    """A classifier on noise, which soon gets worse on the rows held back."""
    model = keras.Sequential([
        keras.Input((4,)), layers.Dense(16, activation="relu"), layers.BatchNormalization(),
        layers.Dropout(0.2), layers.Dense(3, activation="softmax")])
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=metrics)
    return model, {"x": numbers(ROWS, 4), "y": classes(ROWS, 3), "validation_split": 0.3,
                   "batch_size": 5, "epochs": 16, "callbacks": list(callbacks), **more}


@case
def stopped_early() -> Training:
    """Early stopping on the validation loss, the best weights put back."""
    return _watched(keras.callbacks.EarlyStopping(patience=3, restore_best_weights=True),
                    optimizer=keras.optimizers.Adam(0.05))


@case
def stopped_by_a_metric() -> Training:
    """Early stopping on a metric that is to rise, from an epoch on; and a baseline never met."""
    return _watched(
        keras.callbacks.EarlyStopping("val_accuracy", patience=2, start_from_epoch=4,
                                      min_delta=0.01),
        keras.callbacks.EarlyStopping("loss", patience=9, baseline=1e-6, mode="min"),
        metrics=["accuracy"], optimizer=keras.optimizers.RMSprop(0.02))


@case
def reduced_on_plateau() -> Training:
    """The rate halved twice and more, with a cooldown and a floor, then stopped."""
    return _watched(
        keras.callbacks.ReduceLROnPlateau(factor=0.5, patience=1, cooldown=1, min_lr=0.004),
        keras.callbacks.EarlyStopping(patience=12, restore_best_weights=True),
        optimizer=keras.optimizers.Adam(0.03))


@case
def scheduled_by_a_function() -> Training:
    """A function of epoch and rate, from a later epoch on, and the best weights though not stopped."""
    return _watched(
        keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.9 if epoch % 2 else rate),
        keras.callbacks.EarlyStopping("loss", patience=50, restore_best_weights=True),
        optimizer=keras.optimizers.SGD(0.02, momentum=0.5), initial_epoch=3, epochs=20)


@case
def validated_now_and_then() -> Training:
    """Validation every second epoch, and averaged weights besides the best ones."""
    return _watched(keras.callbacks.EarlyStopping(patience=2),
                    keras.callbacks.LearningRateScheduler(lambda epoch: 0.05 / (1 + epoch)),
                    validation_freq=2,
                    optimizer=keras.optimizers.Adam(0.05, use_ema=True, ema_momentum=0.9))


@slow
def volumes() -> Training:
    """Three-dimensional convolution, separable and depthwise ones, padding and cropping."""
    entry = keras.Input((6, 6, 6, 1))
    out = layers.MaxPooling3D()(layers.Conv3D(2, 3, padding="same", activation="silu")(entry))
    flat = layers.Reshape((9, 3, 2))(out)
    flat = layers.SeparableConv2D(3, 3, padding="same")(layers.ZeroPadding2D(1)(flat))
    flat = layers.Cropping2D(1)(layers.DepthwiseConv2D(3, padding="same")(flat))
    flat = layers.GlobalAveragePooling2D()(layers.SpatialDropout2D(0.2)(flat))
    model = keras.Model(entry, layers.Dense(2, activation="softmax")(flat))
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model, {"x": numbers(24, 6, 6, 6, 1), "y": classes(24, 2), "batch_size": 8,
                   "epochs": 17}


@slow
def activations() -> Training:
    """Activations as layers, one with weights, and a Lambda."""
    model = keras.Sequential([
        keras.Input((5,)), layers.Dense(6), layers.PReLU(), layers.Dense(6), layers.LeakyReLU(),
        layers.Dense(6, "mish"), layers.Dense(6, "hard_sigmoid"), layers.ELU(),
        layers.Lambda(lambda x: x * 2.0), layers.Dense(6), layers.Softmax(),
        layers.Dense(6, "leaky_relu"), layers.Activation("softsign"), layers.Dense(1),
    ])
    model.compile(keras.optimizers.Adam(0.01), keras.losses.LogCosh())
    return model, {"x": numbers(ROWS, 5), "y": numbers(ROWS, seed=17), **FIT}


@slow
def convolutional_lstm() -> Training:
    """ConvLSTM, layer-wise wrappers, half the layers without biases."""
    model = keras.Sequential([
        keras.Input((3, 5, 5, 1)), layers.ConvLSTM2D(2, 3, padding="same", use_bias=False),
        layers.SpectralNormalization(layers.Conv2D(2, 3)), layers.Flatten(),
        layers.Dense(2, use_bias=False),
    ])
    model.compile(keras.optimizers.SGD(0.01), "mse")
    return model, {"x": numbers(24, 3, 5, 5, 1), "y": numbers(24, 2), "batch_size": 8, "epochs": 17}
