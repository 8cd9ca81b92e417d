"""From the arguments of `fit` to a Recipe: carried, noted, or refused in plain words."""

from __future__ import annotations

import random
import textwrap

import keras
import numpy as np
import pytest

from unstuck.base.errors import BadData, NotSupported, UnstuckError
from unstuck.capture import capture_model, capture_script, random_state_kept
from unstuck.network import adapter

rng = np.random.default_rng(0)
X = rng.normal(size=(12, 3))
Y = rng.normal(size=(12, 2)).astype("float32")


def small(inputs=3, outputs=2, **compiled):
    model = keras.Sequential([keras.Input((inputs,)), keras.layers.Dense(outputs)])
    model.compile(**{"optimizer": "sgd", "loss": "mse", **compiled})
    return model


def refused(error, words, *args, model=None, **fit):
    with pytest.raises(error) as raised:
        capture_model(small() if model is None else model, *args, **fit)
    assert words in str(raised.value), str(raised.value)


def test_every_argument_is_carried():
    class Mine(keras.callbacks.Callback):
        pass

    rate = keras.metrics.MeanSquaredError(name="rate")
    model = small(metrics=["mae", rate], optimizer=keras.optimizers.Adam(0.003))
    captured = capture_model(
        model, X, Y, 5, 7, callbacks=[Mine(), keras.callbacks.History()], validation_split=0.25,
        shuffle=False, sample_weight=np.arange(12.0), initial_epoch=2, validation_freq=2,
    )
    recipe = captured.recipe
    assert (recipe.batch_size, recipe.epochs, recipe.shuffle) == (5, 5, False)
    assert recipe.optimizer.kind == "Adam"
    assert recipe.optimizer.config["learning_rate"] == 0.003
    assert (recipe.train.rows, recipe.validation.rows) == (9, 3)
    assert recipe.x.dtype == np.float32
    np.testing.assert_array_equal(recipe.sample_weight, np.arange(12.0))
    assert recipe.left_out == ("Mine",)
    assert recipe.metrics[0] == "mae"
    assert recipe.metrics[1] is not rate
    assert type(recipe.metrics[1]) is type(rate)
    assert len(captured.notes) == 2
    assert (captured.model_kind, captured.parameters, captured.script) == ("Sequential", 8, None)
    assert recipe.architecture.source is not model


def test_defaults_and_class_weights():
    recipe = capture_model(
        small(outputs=1, loss="binary_crossentropy"), X, np.arange(12) % 2, class_weight={1: 3},
        validation_data=(X[:4], Y[:4, :1], np.ones(4)),
    ).recipe
    assert (recipe.batch_size, recipe.epochs, recipe.shuffle) == (32, 1, True)
    np.testing.assert_array_equal(recipe.train.sample_weight, 1 + 2.0 * (np.arange(12) % 2))
    assert recipe.validation.rows == 4
    assert recipe.validation.sample_weight is not None


@pytest.mark.parametrize("form", ["lists", "dicts"])
def test_several_inputs_and_outputs(form):
    a, b = keras.Input((3,), name="a"), keras.Input((2,), name="b")
    both = keras.layers.Concatenate()([a, b])
    p, q = keras.layers.Dense(1, name="p")(both), keras.layers.Dense(2, name="q")(both)
    if form == "lists":
        model, x, y = keras.Model([a, b], [p, q]), [X, Y], [Y[:, :1], Y]
        wrong = [Y, X]
    else:
        model = keras.Model({"a": a, "b": b}, {"p": p, "q": q})
        x, y, wrong = {"a": X, "b": Y}, {"p": Y[:, :1], "q": Y}, {"a": X}
    model.compile("adam", "mse")
    recipe = capture_model(model, x, y).recipe
    assert recipe.several_inputs
    assert recipe.several_outputs
    assert recipe.train.rows == 12
    recipe.build()
    with pytest.raises(BadData, match=r"x\[0\] has the shape|no entry 'b'"):
        capture_model(model, wrong, y)


class Deep(keras.Model):
    def __init__(self, units=4, **kwargs):
        super().__init__(**kwargs)
        self.hidden = keras.layers.Dense(units, activation="tanh")
        self.normal = keras.layers.BatchNormalization()
        self.out = keras.layers.Dense(2)

    def call(self, x, training=False):
        return self.out(self.normal(self.hidden(x), training=training))


@pytest.mark.parametrize("kind", ["no Input", "subclassed"])
def test_a_model_not_yet_built_stays_so(kind):
    model = Deep() if kind == "subclassed" else keras.Sequential(
        [keras.layers.Dense(4), keras.layers.Dropout(0.5), keras.layers.Dense(2)])
    model.compile("adam", "mse")
    recipe = capture_model(model, X, Y).recipe
    assert not model.built
    assert model.variables == [] or not model.trainable_variables
    assert recipe.architecture.source.built
    assert sum(layer.parameters for layer in recipe.layers) >= 26
    recipe.build()


def fingerprint(model):
    variables = [*model.variables, *model.optimizer.variables]
    tracker = vars(adapter.private.global_state.GLOBAL_STATE_TRACKER)
    return (
        [(v.path, np.asarray(v.value).tobytes()) for v in variables],
        [id(v) for v in variables], id(model.optimizer), id(model.loss), model.compiled,
        model._compile_loss.built, model._compile_metrics and model._compile_metrics.built,
        [(layer.name, id(layer), layer.built, len(layer._inbound_nodes)) for layer in model.layers],
        random.getstate(), np.random.get_state()[1].tolist(), dict(tracker["object_name_uids"]),
        np.asarray(tracker["global_seed_generator"].state.value).tolist(),
    )


@pytest.mark.parametrize("trained", [False, True])
@pytest.mark.parametrize("kind", ["functional", "sequential", "subclassed", "unbuilt"])
def test_the_users_model_is_only_read(kind, trained):
    keras.utils.set_random_seed(3)
    keras.random.normal((2,))
    i = keras.Input((3,))
    hidden = keras.layers.Dense(4, activation="relu")
    rest = [keras.layers.BatchNormalization(), keras.layers.Dropout(0.3), keras.layers.Dense(2)]
    if kind == "functional":
        h = hidden(i)
        for layer in rest:
            h = layer(h)
        model = keras.Model(i, h)
    elif kind == "subclassed":
        model = Deep()
    else:
        model = keras.Sequential([*([i] if kind == "sequential" else []), hidden, *rest])
    model.compile("adam", "mse", metrics=[keras.metrics.MeanAbsoluteError()])
    if trained:
        model.fit(X, Y, verbose=0)
    x = X.copy()
    before = fingerprint(model)
    captured = capture_model(model, X, Y, epochs=2)
    assert fingerprint(model) == before
    with random_state_kept():
        captured.recipe.build()
    assert fingerprint(model) == before
    assert (x == X).all()
    if trained:
        ours = {v.path.split("/", 1)[-1]: v for v in captured.recipe.architecture.source.variables}
        theirs = {v.path.split("/", 1)[-1]: v for v in model.variables}
        statistics = [path for path in ours if "moving" in path]
        assert len(statistics) == 2
        for path in statistics:
            match = [v for k, v in theirs.items() if k.endswith(path) or path.endswith(k)]
            np.testing.assert_array_equal(np.asarray(ours[path].value), np.asarray(match[0].value))


def test_capture_moves_nothing_random():
    keras.utils.set_random_seed(3)
    keras.random.normal((2,))
    model = keras.Sequential([keras.layers.Dense(4), keras.layers.Dropout(0.5)])
    model.compile("adam", "mse")
    before = fingerprint(model)
    capture_model(model, X, rng.normal(size=(12, 4)))
    assert fingerprint(model) == before


BAD = {
    "lengths": ((X, Y[:5]), {}, "x has 12 rows (12, 3), y has 5 rows (5, 2)"),
    "weights' length": ((X, Y), {"sample_weight": np.ones(3)}, "sample_weight has 3 rows"),
    "no rows": ((X[:0], Y[:0]), {}, "x has no rows: its shape is (0, 3)"),
    "words": ((np.full((12, 3), "a"), Y), {}, "x has the dtype <U1"),
    "objects": ((X.astype(object), Y), {}, "x.astype('float32')"),
    "dates": ((X, np.zeros((12, 2), "datetime64[s]")), {}, "y holds times (datetime64[s])"),
    "python lists": ((X.tolist(), Y), {}, "Write np.array(x) instead"),
    "a number": ((3, Y), {}, "x is a int"),
    "an array of one": ((np.array(3.0), Y), {}, "x is a single number"),
    "row shape": ((Y, Y), {}, "rows of (2), but the model's input takes rows of (3)"),
    "rank": ((X[:, :, None, None], Y), {}, "the model's input takes rows of (3)"),
    "targets": ((X, np.zeros((12, 5))), {}, "rows of y are (5,), and those of the output (2,)"),
    "no x": ((), {}, "without x"),
    "validation lengths": ((X, Y), {"validation_data": (X, Y[:3])}, "validation_data: y has 3"),
    "validation form": ((X, Y), {"validation_data": (X, Y, Y, Y)}, "must be (x, y)"),
    "validation without targets": ((X, Y), {"validation_data": X}, "no targets"),
    "split": ((X[:1], Y[:1]), {"validation_split": 0.2}, "of 1 row leaves none to train on"),
    "small split": ((X, Y), {"validation_split": 1e-17}, "leaves none to validate on"),
    "split of 1": ((X, Y), {"validation_split": 1.0}, "is no share of the rows"),
    "both weights": ((X, Y), {"class_weight": {0: 1}, "sample_weight": np.ones(12)}, "not both"),
    "batch size": ((X, Y), {"batch_size": 0}, "batch_size=0"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_data(name):
    args, fit, words = BAD[name]
    refused(BadData, words, *args, **fit)


def test_frames():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": [1.0, 2.0], "b": ["x", "y"], "c": [1.0, 2.0]})
    refused(BadData, "x has columns that do not hold numbers: 'b'", frame, Y[:2])
    assert capture_model(small(2), frame[["a", "c"]], Y[:2]).recipe.x.tolist() == [[1, 1], [2, 2]]


def test_strange_numbers_are_let_through():
    x = X.copy()
    x[0, 0], x[1, 1] = np.nan, np.inf
    assert np.isnan(capture_model(small(), x, Y).recipe.x[0, 0])
    assert capture_model(small(), X[:1], Y[:1]).recipe.train.rows == 1
    assert capture_model(small(), X, np.zeros((12, 2))).recipe.train.rows == 12
    assert capture_model(small(outputs=1), X, np.zeros(12)).recipe.train.rows == 12
    assert capture_model(small(inputs=1), X[:, 0], Y).recipe.train.rows == 12
    assert capture_model(small(), (X * 9).astype("uint8"), Y).recipe.x.dtype == np.uint8


class OwnCompile(keras.Model):
    def call(self, x):
        return x

    def compile(self, rate, **kwargs):
        super().compile(loss="mse", **kwargs)


def compile_of_own():
    model = OwnCompile()
    model.compile(3)
    return model


UNSUPPORTED = {
    "steps": (small, (X, Y), {"steps_per_epoch": 3, "batch_size": 3}, "cuts some of them short"),
    "no targets": (small, (X,), {}, "without targets"),
    "no loss": (lambda: small(loss=None), (X, Y), {}, "without a loss"),
    "own compile": (compile_of_own, (X, X), {}, "compile() of its own"),
}


@pytest.mark.parametrize("name", UNSUPPORTED)
def test_not_supported(name):
    model, args, fit, words = UNSUPPORTED[name]
    refused(NotSupported, words, *args, model=model(), **fit)


def test_a_step_in_jax_form_is_taken():
    class Own(keras.Model):
        def train_step(self, state, data):
            return super().train_step(state, data)

    i = keras.Input((3,))
    model = Own(i, keras.layers.Dense(2)(i))
    model.compile("adam", "mse")
    assert type(capture_model(model, X, Y).recipe.build().model) is type(model)


def test_not_compiled_and_no_model():
    refused(UnstuckError, "call `compile()`", X, Y, model=keras.Sequential([keras.Input((3,))]))
    refused(UnstuckError, "diagnoses Keras models", X, Y, model=object())
    with pytest.raises(TypeError, match="nb_epoch"):
        capture_model(small(), X, Y, nb_epoch=3)
    refused(UnstuckError, "trains nothing", X, Y, epochs=0)


OWN = """
import random, numpy as np, keras
keras.utils.set_random_seed(11)
x = np.random.rand(40, 3)
y = x[:, :1] > 0.5
model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, "relu"),
                          keras.layers.BatchNormalization(), keras.layers.Dropout(0.2),
                          keras.layers.Dense(1, "sigmoid")])
model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
history = model.fit(x, y, epochs=3, validation_split=0.2, verbose=0, batch_size=8)
x[:] = 0
np.savez(OUT, *[v.numpy() for v in model.variables], random=random.random(),
         numpy=np.random.rand(), keras=keras.random.uniform((2,)), name=keras.layers.Dense(1).name,
         **history.history)
import sys
sys.exit(7)
"""


def test_the_users_own_training_is_untouched(tmp_path):
    def script(name):
        path = tmp_path / f"{name}.py"
        path.write_text(OWN.replace("OUT", repr(str(tmp_path / f"{name}.npz"))))
        return path

    # With no capture at all: the reference.
    with adapter.fresh_session(), pytest.raises(SystemExit):
        exec(script("alone").read_text(), {"__name__": "__main__"})
    captured = capture_script(script("captured"), through=True)
    alone, seen = np.load(tmp_path / "alone.npz"), np.load(tmp_path / "captured.npz")
    assert alone.files == seen.files
    for name in alone.files:
        assert alone[name].tobytes() == seen[name].tobytes(), name
    assert captured.exit_code == 7
    np.testing.assert_array_equal(captured.own_history["val_loss"], alone["val_loss"])
    # What the script did after its fit is not in the recipe.
    assert captured.recipe.x.any()
    source = captured.recipe.architecture.source
    assert not np.asarray(source.get_layer("batch_normalization").moving_mean.value).any()


def test_a_script_that_fails_after_its_fit(write, capsys):
    captured = capture_script(
        write("$DATA\n$MODEL\nmodel.fit(x, x, verbose=0)\nraise ValueError('late')"), through=True)
    assert captured.exit_code == 1
    assert "ValueError: late" in capsys.readouterr().err
    assert any("raised ValueError after" in note for note in captured.notes)


def test_bad_data_in_a_script(write, capsys):
    with pytest.raises(BadData, match="different lengths"):
        capture_script(write("$DATA\n$MODEL\ntry:\n    model.fit(x, x[:3])\nexcept: pass"))


OBJECTS = """
def swish2(t):
    return t * keras.ops.sigmoid(2 * t)

class Scale(layers.Layer):
    def __init__(self, by=2.0, **kwargs):
        super().__init__(**kwargs)
        self.by = by
    def call(self, t):
        return self.by * t

def loss(y_true, y_pred):
    return keras.ops.mean((y_true - y_pred) ** 2, axis=-1)

model = keras.Sequential([keras.Input((2,)), layers.Dense(3, activation=swish2), Scale(3.0),
                          keras.Sequential([Scale(), layers.Dense(2)]),
                          layers.Lambda(lambda t: t + 1, output_shape=(2,))])
model.compile("adam", loss, metrics=[loss])
model.fit(x, x)
"""


def test_functions_and_layers_of_ones_own(write):
    recipe = capture_script(write("$DATA\n" + textwrap.dedent(OBJECTS))).recipe
    built = recipe.build().model
    assert built.layers[1].activation.__name__ == "swish2"
    assert built.layers[2].by == 3.0


def test_frozen_layers_keep_their_values_and_stay_frozen():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, name="old"),
                              keras.layers.Dense(2)])
    model.get_layer("old").trainable = False
    model.compile("adam", "mse")
    recipe = capture_model(model, X, Y).recipe
    kept = {path.rpartition("old/")[2]: v for path, v in recipe.architecture.initial_values.items()}
    np.testing.assert_array_equal(kept["kernel"], np.asarray(model.get_layer("old").kernel.value))
    assert len(recipe.build().model.trainable_variables) == 2


def test_a_frozen_part_that_a_copy_would_thaw_is_refused():
    model = Deep()
    model(X)
    model.hidden.trainable = False
    model.compile("adam", "mse")
    refused(NotSupported, "layers are frozen", X, Y, model=model)


def test_a_weight_decay_that_spares_some_variables_is_refused_by_name():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    optimizer = keras.optimizers.AdamW()
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    model.compile(optimizer=optimizer, loss="mse")
    with pytest.raises(NotSupported, match="exclude_from_weight_decay"):
        capture_model(model, np.zeros((4, 2)), np.zeros((4, 1)))


MODELS = {
    "positional arguments": """
class Net(keras.Model):
    def __init__(self, units, hidden):
        super().__init__()
        self.all = [layers.Dense(units) for _ in range(hidden)]
        self.out = layers.Dense(2)
    def call(self, t):
        for layer in self.all: t = layer(t)
        return self.out(t)
model = Net(4, 2)
""",
    "a model as an argument": """
class Net(keras.Model):
    def __init__(self, encoder):
        super().__init__()
        self.encoder, self.out = encoder, layers.Dense(2)
    def call(self, t): return self.out(self.encoder(t))
model = Net(keras.Sequential([layers.Dense(3, activation="relu")]))
""",
    "a Sequential inside": """
class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.encoder = keras.Sequential([layers.Dense(3, activation="relu"), layers.Dense(2)])
    def call(self, t): return self.encoder(t)
model = Net()
""",
    "a layer without a configuration": """
class Mine(layers.Layer):
    def __init__(self, units):
        super().__init__()
        self.units = units
    def build(self, shape):
        self.w = self.add_weight(shape=(shape[-1], self.units), initializer="glorot_uniform")
    def call(self, t): return t @ self.w
model = keras.Sequential([Mine(4), layers.Dense(2)])
""",
    "a Lambda with what it refers to": """
factor = 3.0
model = keras.Sequential([keras.Input((2,)), layers.Lambda(lambda t: keras.ops.tanh(t) * factor),
                          layers.Dense(2)])
""",
}


@pytest.mark.parametrize("name", MODELS)
def test_models_as_people_write_them(write, name):
    recipe = capture_script(write(
        f"$DATA\n{MODELS[name]}\nmodel.compile('adam', 'mse')\nmodel.fit(x, x)")).recipe
    one, other = recipe.build().model, recipe.build().model
    paths = [list(adapter.stable_paths(model).values()) for model in (one, other)]
    assert paths[0] == paths[1]
    assert not {id(v) for v in one.variables} & {id(v) for v in other.variables}
    assert one(recipe.x[:3]).shape == (3, 2)


def test_a_list_with_an_array_for_each_row_is_told():
    refused(BadData, "x is a list of 12 arrays, one for each row", list(X), Y)


def test_a_frame_of_several_kinds_of_columns_is_told():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": Y[:, 0], "b": Y[:, 0] > 0, "c": np.arange(12)})
    refused(BadData, "x has columns of several kinds (bool, float32, int64)", frame, Y)
