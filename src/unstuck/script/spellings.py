"""The spellings of other years: what Keras 1, Keras 2 and tf.keras called what Keras 3 calls otherwise.

One table for everybody who needs it: for running such scripts, for finding an argument that is to
be edited where its old name stands, for writing the modern name. Only names stand here; nothing is
imported, nothing is done. "Kind" is the name of the class or method that is called, as of today.

Sources: the release notes of Keras 2.0.0 and of Keras 3, and the interfaces of Keras 1.2 and 2.2.
"""

from __future__ import annotations

from collections.abc import Mapping

TENSORFLOW_KERAS: Mapping[str, str] = {
    **dict.fromkeys(("tensorflow.keras", "tensorflow.python.keras", "tensorflow.compat.v1.keras",
                     "tf_keras", "tensorflow.contrib.keras"), "keras"),
    **{f"tensorflow.{part}": f"keras.{part}" for part in (
        "initializers", "losses", "metrics", "optimizers")},
}
"""Packages that are Keras itself, or a part of it, under another name."""

_LAYER_MODULES = (
    "core", "convolutional", "pooling", "recurrent", "embeddings", "normalization", "merge", "noise",
    "advanced_activations", "wrappers", "local", "cudnn_recurrent", "convolutional_recurrent",
)

MODULES: Mapping[str, str] = {
    **{f"keras.layers.{name}": "keras.layers" for name in _LAYER_MODULES},
    "keras.engine": "keras", "keras.engine.topology": "keras.layers",
    "keras.engine.training": "keras.models", "keras.engine.base_layer": "keras.layers",
    "keras.engine.input_layer": "keras.layers", "keras.engine.sequential": "keras.models",
    "keras.objectives": "keras.losses", "keras.initializations": "keras.initializers",
    "keras.utils.np_utils": "keras.utils", "keras.utils.generic_utils": "keras.utils",
    "keras.utils.vis_utils": "keras.utils", "keras.utils.visualize_util": "keras.utils",
    "keras.utils.data_utils": "keras.utils", "keras.utils.layer_utils": "keras.utils",
    "keras.utils.numerical_utils": "keras.utils",
    "keras.utils.io_utils": "keras.utils", "keras.utils.training_utils": "keras.utils",
    "keras.preprocessing.text": "keras.preprocessing",
    "keras.wrappers.scikit_learn": "keras.wrappers",
    "keras.layers.experimental": "keras.layers",
    "keras.layers.experimental.preprocessing": "keras.layers",
    "keras.optimizers.legacy": "keras.optimizers",
    "keras.optimizers.experimental": "keras.optimizers",
}
"""Modules that are gone, and the one that has their contents today."""

CLASSES: Mapping[str, str] = {
    "Convolution1D": "Conv1D", "Convolution2D": "Conv2D", "Convolution3D": "Conv3D",
    "Deconvolution2D": "Conv2DTranspose", "SeparableConvolution2D": "SeparableConv2D",
    "CuDNNLSTM": "LSTM", "CuDNNGRU": "GRU",
}
"""Classes by their old names, which keep their module."""

STILL_THERE = frozenset({"Convolution1D", "Convolution2D", "Convolution3D", "SeparableConvolution2D"})
"""Old names that Keras 3 knows too."""

FUNCTIONS: Mapping[str, str] = {
    "keras.losses.kullback_leibler_divergence": "keras.losses.kl_divergence",
    "keras.losses.kld": "keras.losses.kl_divergence",
    "keras.losses.KLD": "keras.losses.kl_divergence",
    "keras.losses.mse": "keras.losses.mean_squared_error",
    "keras.losses.MSE": "keras.losses.mean_squared_error",
    "keras.losses.mae": "keras.losses.mean_absolute_error",
    "keras.losses.MAE": "keras.losses.mean_absolute_error",
    "keras.losses.mape": "keras.losses.mean_absolute_percentage_error",
    "keras.losses.MAPE": "keras.losses.mean_absolute_percentage_error",
    "keras.losses.msle": "keras.losses.mean_squared_logarithmic_error",
    "keras.losses.MSLE": "keras.losses.mean_squared_logarithmic_error",
    "keras.losses.cosine": "keras.losses.cosine_similarity",
    "keras.losses.cosine_proximity": "keras.losses.cosine_similarity",
    "keras.losses.logcosh": "keras.losses.log_cosh",
    "keras.metrics.mse": "keras.metrics.mean_squared_error",
    "keras.metrics.mae": "keras.metrics.mean_absolute_error",
    "keras.regularizers.activity_l1": "keras.regularizers.l1",
    "keras.regularizers.activity_l2": "keras.regularizers.l2",
    "keras.regularizers.activity_l1l2": "keras.regularizers.l1_l2",
    "keras.regularizers.l1l2": "keras.regularizers.l1_l2",
    "keras.initializers.normal": "keras.initializers.RandomNormal",
    "keras.initializers.uniform": "keras.initializers.RandomUniform",
    "keras.constraints.maxnorm": "keras.constraints.MaxNorm",
    "keras.constraints.nonneg": "keras.constraints.NonNeg",
    "keras.constraints.unitnorm": "keras.constraints.UnitNorm",
    "keras.optimizers.adam": "keras.optimizers.Adam",
    "keras.optimizers.sgd": "keras.optimizers.SGD",
    "keras.optimizers.rmsprop": "keras.optimizers.RMSprop",
    "keras.utils.plot": "keras.utils.plot_model",
    "keras.models.Functional": "keras.Model",
}
"""Functions, and classes written like functions, by the dotted names they had and have."""

LOSS_WORDS: Mapping[str, str] = {
    "kullback_leibler_divergence": "kl_divergence", "cosine_proximity": "cosine_similarity",
    "cosine": "cosine_similarity", "logcosh": "log_cosh",
}
"""Losses given to `compile` as strings."""

_OPTIMIZER = {"lr": "learning_rate"}
_WEIGHTS = {
    "init": "kernel_initializer", "W_regularizer": "kernel_regularizer",
    "b_regularizer": "bias_regularizer", "W_constraint": "kernel_constraint",
    "b_constraint": "bias_constraint", "bias": "use_bias",
}
_CONVOLUTION = {
    **_WEIGHTS, "nb_filter": "filters", "border_mode": "padding", "subsample": "strides",
    "dim_ordering": "data_format", "subsample_length": "strides", "filter_length": "kernel_size",
    "atrous_rate": "dilation_rate",
}
_POOLING = {"border_mode": "padding", "dim_ordering": "data_format", "pool_length": "pool_size",
            "stride": "strides"}
_RECURRENT = {
    **_WEIGHTS, "output_dim": "units", "inner_init": "recurrent_initializer",
    "inner_activation": "recurrent_activation", "U_regularizer": "recurrent_regularizer",
    "dropout_W": "dropout", "dropout_U": "recurrent_dropout",
}
_RATE = {"p": "rate"}
_ORDERING = {"dim_ordering": "data_format"}
_GENERATOR = {"generator": "x", "nb_epoch": "epochs", "samples_per_epoch": "steps_per_epoch",
              "nb_val_samples": "validation_steps"}

ARGUMENTS: Mapping[str, Mapping[str, str]] = {
    **dict.fromkeys(("SGD", "RMSprop", "Adagrad", "Adadelta", "Adam", "Adamax", "Nadam", "Ftrl"),
                    _OPTIMIZER),
    "Dense": {**_WEIGHTS, "output_dim": "units"},
    **dict.fromkeys(("Conv1D", "Conv2D", "Conv3D", "Conv2DTranspose", "Conv3DTranspose",
                     "SeparableConv2D"), _CONVOLUTION),
    **dict.fromkeys(
        (f"{what}Pooling{n}D" for what in ("Max", "Average") for n in (1, 2, 3)), _POOLING),
    **dict.fromkeys(
        (f"Global{what}Pooling{n}D" for what in ("Max", "Average") for n in (1, 2, 3)),
        _ORDERING),
    **dict.fromkeys(("UpSampling2D", "ZeroPadding2D", "Cropping2D"),
                    _ORDERING),
    **dict.fromkeys(("LSTM", "GRU", "SimpleRNN"), _RECURRENT),
    "Embedding": {"init": "embeddings_initializer", "W_regularizer": "embeddings_regularizer",
                  "W_constraint": "embeddings_constraint"},
    **dict.fromkeys(("Dropout", "SpatialDropout1D", "SpatialDropout2D", "GaussianDropout"), _RATE),
    "GaussianNoise": {"sigma": "stddev"},
    "BatchNormalization": {"beta_init": "beta_initializer", "gamma_init": "gamma_initializer"},
    "LeakyReLU": {"alpha": "negative_slope"},
    "PReLU": {"init": "alpha_initializer"},
    "RepeatVector": {},
    "Model": {"input": "inputs", "output": "outputs"},
    "ReduceLROnPlateau": {"epsilon": "min_delta"},
    "fit": {"nb_epoch": "epochs", "nb_val_samples": "validation_steps"},
    "fit_generator": _GENERATOR,
    "evaluate_generator": {"generator": "x", "val_samples": "steps"},
    "predict_generator": {"generator": "x", "val_samples": "steps"},
    "to_categorical": {"nb_classes": "num_classes"},
}
"""Arguments by what is called: old name to new name."""

ANY_LAYER: Mapping[str, str] = {"batch_input_shape": "batch_shape"}
"""Arguments that every layer once took; today `Input` has them."""

WITHOUT_MEANING: Mapping[str, frozenset[str]] = {
    "fit": frozenset({"show_accuracy", "max_queue_size", "workers", "use_multiprocessing"}),
    "fit_generator": frozenset({"max_q_size", "nb_worker", "pickle_safe", "max_queue_size",
                                "workers", "use_multiprocessing"}),
    "evaluate_generator": frozenset({"max_q_size", "nb_worker", "pickle_safe", "max_queue_size",
                                     "workers", "use_multiprocessing"}),
    "predict_generator": frozenset({"max_q_size", "nb_worker", "pickle_safe", "max_queue_size",
                                    "workers", "use_multiprocessing"}),
    "compile": frozenset({"class_mode", "theano_mode", "sample_weight_mode", "target_tensors",
                          "experimental_run_tf_function"}),
    "LSTM": frozenset({"consume_less", "forget_bias_init", "time_major", "batch_size"}),
    "GRU": frozenset({"consume_less", "time_major", "batch_size"}),
    "SimpleRNN": frozenset({"consume_less", "time_major", "batch_size"}),
    **dict.fromkeys(("Dense", "Conv1D", "Conv2D", "Flatten", "Bidirectional", "TimeDistributed"),
                    frozenset({"batch_size"})),
    "BatchNormalization": frozenset({"mode", "fused", "virtual_batch_size"}),
    "Embedding": frozenset({"input_length", "batch_size"}),
    "ModelCheckpoint": frozenset({"period"}),
    "TensorBoard": frozenset({"write_grads", "batch_size", "embeddings_layer_names",
                              "embeddings_data"}),
}
"""Arguments that changed how a thing is computed, not what; they are left out."""

VALUES: Mapping[str, Mapping[str, str]] = {
    "data_format": {"tf": "channels_last", "th": "channels_first"},
}
"""Strings that are spelled otherwise today, by the (modern) argument they are given to."""

METHODS: Mapping[str, str] = {
    "fit_generator": "fit", "evaluate_generator": "evaluate", "predict_generator": "predict",
}
"""Methods of models that do today what another one did."""

OPS = (
    "abs", "all", "any", "argmax", "argmin", "cast", "clip", "concatenate", "cos", "cumsum", "dot",
    "elu", "equal", "exp", "expand_dims", "eye", "greater", "greater_equal", "hard_sigmoid", "less",
    "less_equal", "log", "logsumexp", "max", "maximum", "mean", "min", "minimum", "ndim", "not_equal",
    "one_hot", "ones_like", "prod", "relu", "repeat", "reshape", "round", "shape", "sigmoid", "sign",
    "sin", "softmax", "softplus", "softsign", "sqrt", "square", "squeeze", "stack", "std",
    "stop_gradient", "sum", "tanh", "tile", "transpose", "var", "zeros_like", "arange",
)
"""Functions of `keras.backend` that `keras.ops` has today, with the same first arguments."""

BACKEND_TODAY = frozenset({
    "backend", "clear_session", "epsilon", "floatx", "get_uid", "image_data_format", "is_float_dtype",
    "is_int_dtype", "is_keras_tensor", "result_type", "set_epsilon", "set_floatx",
    "set_image_data_format", "standardize_dtype",
})
"""What `keras.backend` has today."""

REDUCED = ("mean", "sum", "max", "min", "prod", "any", "all", "std", "var", "logsumexp")
"""Functions of `keras.ops` that TensorFlow calls `reduce_mean` and so on."""

ACTIVATIONS = ("relu", "relu6", "sigmoid", "tanh", "softmax", "softplus", "softsign", "elu", "selu",
               "leaky_relu", "gelu", "silu", "log_softmax")
"""Functions of `keras.activations` that stand in `tf.nn`."""

TENSORFLOW: Mapping[str, str] = {
    "tensorflow.random.set_seed": "keras.utils.set_random_seed",
    "tensorflow.set_random_seed": "keras.utils.set_random_seed",
    "tensorflow.compat.v1.set_random_seed": "keras.utils.set_random_seed",
    **{f"tensorflow.reduce_{name}": f"keras.ops.{name}" for name in REDUCED},
    **{f"tensorflow.math.reduce_{name}": f"keras.ops.{name}" for name in REDUCED},
    **{f"tensorflow.nn.{name}": f"keras.activations.{name}" for name in ACTIVATIONS},
    **{f"tensorflow.{name}": f"keras.ops.{name}" for name in (
        "abs", "argmax", "cast", "equal", "exp", "expand_dims", "matmul", "maximum", "minimum",
        "reshape", "round", "shape", "sqrt", "square", "squeeze", "stack", "tanh", "transpose",
        "where", "zeros_like", "ones_like", "one_hot")},
    **{f"tensorflow.math.{name}": f"keras.ops.{name}" for name in (
        "abs", "exp", "log", "maximum", "minimum", "sqrt", "square", "tanh")},
}
"""Functions of TensorFlow that have a twin in Keras."""

BY_HAND: Mapping[str, str] = {
    "keras.layers.merge": "use concatenate, add, multiply, average, maximum or dot",
    "keras.layers.Merge": "use the functional API with concatenate, add, multiply, …",
    "keras.layers.TimeDistributedDense": "write TimeDistributed(Dense(…))",
    "keras.preprocessing.image.ImageDataGenerator":
        "use keras.layers.RandomFlip, RandomRotation, … and a PyDataset",
    "keras.preprocessing.text.Tokenizer": "use keras.layers.TextVectorization",
    "keras.preprocessing.text.one_hot": "use keras.layers.Hashing",
    "keras.preprocessing.text.hashing_trick": "use keras.layers.Hashing",
    "keras.preprocessing.text.text_to_word_sequence": "use str.lower() and str.split()",
    "keras.preprocessing.sequence.TimeseriesGenerator":
        "use a keras.utils.PyDataset, or cut the windows with numpy",
    "keras.preprocessing.sequence.skipgrams": "make the pairs with numpy",
    "keras.preprocessing.sequence.make_sampling_table": "make the table with numpy",
    "keras.wrappers.scikit_learn.KerasClassifier": "use keras.wrappers.SKLearnClassifier",
    "keras.wrappers.scikit_learn.KerasRegressor": "use keras.wrappers.SKLearnRegressor",
    "keras.utils.multi_gpu_model": "take it out, or see keras.distribution",
    "keras.backend.Variable": "write keras.Variable",
    "keras.backend.random_normal": "use keras.random.normal with a SeedGenerator of the layer",
    "keras.backend.random_uniform": "use keras.random.uniform with a SeedGenerator of the layer",
}
"""What has no twin in Keras 3, and what people write instead."""

OLD_METHODS: Mapping[str, str] = {
    **METHODS, "predict_classes": "predict(…).argmax(axis=-1), or predict(…) > 0.5",
    "predict_proba": "predict", "reset_states": "reset_state",
}
"""Methods that models and metrics have no more, and what is written today."""

KERAS_1 = frozenset({
    *_WEIGHTS, *_CONVOLUTION, *_POOLING, *_RECURRENT, "nb_epoch", "nb_row", "nb_col", "input",
    "output", "nb_val_samples", "samples_per_epoch", "nb_classes",
})
"""Arguments that only Keras 1 knew."""


def kind_of(callee: str) -> str:
    """The kind of what a source calls: "Conv2D" for `layers.Convolution2D`, "fit" for `model.fit`."""
    name = callee.rpartition(".")[2].strip()
    for old, new in FUNCTIONS.items():
        if old.rpartition(".")[2] == name and new.rpartition(".")[2] in ARGUMENTS:
            return new.rpartition(".")[2]
    return CLASSES.get(name, name)


def older_names(callee: str, argument: str) -> tuple[str, ...]:
    """The names that an argument of this call had in other years."""
    known = ARGUMENTS.get(kind_of(callee), {})
    return tuple(old for old, new in known.items() if new == argument)


def modern_module(name: str) -> str:
    """A module's name today; names that never changed come back as they are."""
    for other, today in TENSORFLOW_KERAS.items():
        if f"{name}.".startswith(f"{other}."):
            name = today + name[len(other):]
    return MODULES.get(name, name)


def modern_name(qualified: str) -> str:
    """The dotted name, today, of a thing that was imported under this dotted name."""
    module, _, name = qualified.rpartition(".")
    if not module or modern_module(qualified) != qualified:
        return modern_module(qualified)
    module = modern_module(module)
    if not f"{module}.".startswith("keras."):
        return qualified
    return FUNCTIONS.get(f"{module}.{name}", f"{module}.{CLASSES.get(name, name)}")
