"""What the layers for scaling hold, and that numbers tested and numbers written are the same."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from interventions.sameness import captured, comparable, original
from unstuck.base.errors import NotSupported
from unstuck.capture import capture_model
from unstuck.interventions import edits_for
from unstuck.interventions._scales import input_scaling, round_top, target_scaling
from unstuck.interventions.epochs import Epochs
from unstuck.interventions.scale_inputs import ScaleInputs
from unstuck.interventions.scale_targets import ScaleTargets
from unstuck.network.layers import Insertion
from unstuck.population.identity import fingerprint

pytestmark = pytest.mark.filterwarnings("ignore:Do not pass an `input_shape`")

RNG = np.random.default_rng(3)
TABLE = RNG.normal(size=(200, 3)) * [0.01, 50, 1e5] + [0, 3, -1e6]


def layer(new: Insertion) -> keras.Layer:
    made: keras.Layer = getattr(keras.layers, new.kind)(**new.config)
    return made


def scaled(x: NDArray[np.generic]) -> NDArray[np.generic]:
    return np.asarray(layer(input_scaling(x, "input_layer"))(x.astype("float32")))


@pytest.mark.parametrize("x", [
    pytest.param(TABLE, id="table"),
    pytest.param(TABLE.reshape(50, 4, 3), id="sequence"),
    pytest.param(np.abs(RNG.normal(size=(100, 80))) * -70 + 100, id="many columns, some negative"),
])
def test_features_come_out_in_standard_units(x: NDArray[np.float64]) -> None:
    out = scaled(x)
    assert out.mean() == pytest.approx(0, abs=1e-3)
    exact = input_scaling(x, "input_layer").kind == "Normalization"
    assert out.std() == pytest.approx(1, rel=1e-3 if exact else 0.05)  # else in two digits


def test_a_constant_feature_comes_out_as_zero() -> None:
    x = np.column_stack([TABLE, np.full(200, 7.0)])
    assert not scaled(x)[:, 3].any()


@pytest.mark.parametrize("mean", [5e3, 5e6, -1.5e7])
def test_a_mean_far_above_its_spread_keeps_the_digits_that_it_needs(mean: float) -> None:
    out = scaled(np.column_stack([mean + RNG.integers(-6, 7, 300), RNG.normal(size=300)]))
    assert np.abs(out.mean(0)).max() < max(0.01, abs(mean) * 2**-24 / 3)  # what float32 has of it
    assert out.std(0) == pytest.approx([1, 1], rel=0.01)


def test_a_column_that_float32_cannot_tell_apart_comes_out_as_a_constant_near_zero() -> None:
    addresses = 3_232_235_770 + RNG.integers(3, 16, 300).astype(np.float64)  # float32 steps by 256
    out = scaled(np.column_stack([addresses, RNG.normal(size=300)]))
    assert np.abs(out[:, 0]).max() < 1e-3


def test_a_missing_value_hides_no_others() -> None:
    x = TABLE.copy()
    x[0, 0] = np.nan
    assert np.isfinite(scaled(x)[1:]).all()


@pytest.mark.parametrize(("x", "top"), [
    pytest.param(np.full((3, 8, 8, 1), 255, "uint8"), 255, id="images"),
    pytest.param(RNG.integers(0, 17, size=(50, 64)), 16, id="flat images of few grey levels"),
    pytest.param(RNG.integers(0, 256, size=(50, 28, 28)), 255, id="images without a channel axis"),
])
def test_pixels_are_divided_by_the_largest_value(x: NDArray[np.int64], top: int) -> None:
    new = input_scaling(x, "input_layer")
    assert new.kind == "Rescaling"
    assert new.config == {"scale": 1 / top, "offset": 0.0}


def test_many_columns_around_an_offset_are_centred() -> None:
    x = RNG.normal(1.109, 0.0012, size=(500, 84))
    new = input_scaling(x, "input_layer")
    assert new.kind == "Rescaling"
    out = x * new.config["scale"] + new.config["offset"]
    assert abs(out.mean()) < 0.05 and 0.95 < out.std() < 1.05


@pytest.mark.parametrize(("top", "by"), [
    (255, 255), (250, 255), (16, 16), (100, 100), (1023, 1023), (1_173_750, 1_200_000), (5023, 5100),
    (9.73, 9.8), (0.0123, 0.013),
])
def test_what_data_are_divided_by_is_a_round_number(top: float, by: float) -> None:
    assert round_top(top) == by


def test_the_scale_of_many_columns_is_a_round_number() -> None:
    new = input_scaling(np.linspace(0, 9.73, 8000).reshape(100, 80), "input_layer")
    assert new.config == {"scale": 0.1, "offset": 0.0}


@pytest.mark.parametrize(("epochs", "most", "chosen"), [
    (2437, 1e9, 2500), (2437, 2450, 2000), (94, 1e9, 100), (94, 60, 60), (3000, 1e9, 3000),
    (430, 1e9, 500), (430, 450, 400), (7, 1e9, 7), (0.4, 1e9, 1),
])
def test_epochs_are_a_round_number(epochs: float, most: float, chosen: int) -> None:
    assert Epochs.enough(original("functional")[1], epochs, most=most).value == chosen


def test_counts_of_very_different_size_get_scales_of_their_own() -> None:
    x = RNG.integers(0, 3, size=(50, 20))
    x[:, 0] *= 100_000
    assert input_scaling(x, "input_layer").kind == "Normalization"


@pytest.mark.parametrize("y", [
    pytest.param(TABLE[:, 2], id="vector"), pytest.param(TABLE[:, 2:], id="one column"),
    pytest.param(TABLE, id="columns"),
])
def test_standard_units_come_out_as_targets(y: NDArray[np.float64]) -> None:
    new = target_scaling(y, "dense", by_column=True)
    columns = y.reshape(len(y), -1)
    units = ((columns - columns.mean(axis=0)) / columns.std(axis=0)).astype("float32")
    np.testing.assert_allclose(np.asarray(layer(new)(units)), columns, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("values", [
    pytest.param(np.array([["a"], ["b"]]), id="words"),
    pytest.param(np.array([[np.inf], [1.0]]), id="infinite"),
    pytest.param(np.full((2, 1), np.nan), id="nothing but missing values"),
])
def test_what_has_no_scale_is_refused(values: NDArray[np.generic]) -> None:
    with pytest.raises(NotSupported):
        input_scaling(values, "input_layer")


def test_many_numbers_are_written_over_several_lines() -> None:
    script, recipe = captured("""\
import numpy as np
from keras import Sequential, layers

x = np.random.default_rng(0).normal(size=(40, 8)) * np.arange(8) * 1000
y = x[:, 3]
model = Sequential()
model.add(layers.Input((8,)))
model.add(layers.Dense(1))
model.compile(loss="mse")
model.fit(x + 0, y)
""")
    edits = edits_for((ScaleInputs(), ScaleTargets()), script, recipe)
    assert edits is not None
    edited = script.apply(edits)
    assert max(map(len, edited.text.splitlines())) <= 88
    after = ScaleTargets().apply(ScaleInputs().apply(recipe))
    assert comparable(captured(edited.text)[1]) == comparable(after)


LISTED = """\
import numpy as np
import keras

def network(columns):
    return keras.Sequential([
        keras.Input((columns,)),
        keras.layers.Dense(1),
    ])

model = network(6)
model.compile(loss="mse")
model.fit(np.random.default_rng(0).normal(1e4, 0.37, size=(40, 6)), np.zeros(40))
"""


def test_lines_of_one_layer_are_indented_as_their_place() -> None:
    script, recipe = captured(LISTED)
    edits = edits_for((ScaleInputs(),), script, recipe)
    assert edits is not None
    lines = script.apply(edits).text.splitlines()
    first = lines.index("        keras.layers.Normalization(")
    assert lines[first + 1].startswith("            mean=[") and max(map(len, lines)) <= 88
    assert "        )," in lines[first + 2 : first + 7]


def test_an_image_script_is_written_with_a_fraction() -> None:
    script, recipe = original("images")
    edits = edits_for((ScaleInputs(),), script, recipe)
    assert edits is not None
    assert "    L.Rescaling(scale=1 / 255),\n    L.Conv2D" in script.apply(edits).text


def test_the_shape_of_the_input_moves_to_an_input_layer() -> None:
    script, recipe = original("add")
    edits = edits_for((ScaleInputs(),), script, recipe)
    assert edits is not None
    text = script.apply(edits).text
    assert "model.add(keras.Input(shape=(2,)))\nmodel.add(normalization)\nmodel.add(Dense(" in text
    assert "model.add(Dense(4, kernel_regularizer=" in text


def test_an_input_before_layers_made_in_a_loop_is_a_place_too() -> None:
    script, recipe = captured("""\
import numpy as np
import keras

x = np.arange(20.0).reshape(10, 2)
model = keras.Sequential([keras.Input((2,)), *[keras.layers.Dense(n) for n in (3, 1)]])
model.compile(loss="mse")
model.fit(x, x[:, :1])
""")
    edits = edits_for((ScaleInputs(),), script, recipe)
    assert edits is not None
    edited = script.apply(edits)
    assert "[keras.Input((2,)), normalization, *[keras.layers.Dense(n)" in edited.text
    assert comparable(captured(edited.text)[1]) == comparable(ScaleInputs().apply(recipe))


BEHIND = """\
import numpy as np
import keras
from keras import layers

x = np.arange(40.0).reshape(10, 4)
y = x[:, :2] * [1, 100]
model = keras.Sequential([keras.Input((4,)), layers.Dense(2), {}])
model.compile(loss="mse")
model.fit(x, y)
"""


def test_targets_have_one_scale_where_columns_are_moved_behind_the_output() -> None:
    _, recipe = captured(BEHIND.format("layers.Reshape((2,))"))
    [new] = ScaleTargets().apply(recipe).architecture.inserted
    assert isinstance(new.config["scale"], float)


def test_targets_are_not_scaled_before_a_layer_that_changes_numbers() -> None:
    _, recipe = captured(BEHIND.format("layers.BatchNormalization()"))
    with pytest.raises(NotSupported, match="BatchNormalization"):
        ScaleTargets().apply(recipe)


def test_inputs_at_unit_scale_are_left_alone() -> None:
    rng = np.random.default_rng(0)
    pixels = rng.uniform(size=(20, 8, 8, 1))
    pixels[0] = 1.0
    for x in (rng.normal(size=(5000, 3)), pixels):
        with pytest.raises(NotSupported, match="already"):
            input_scaling(x, "input_layer")
    assert input_scaling(rng.normal(size=(5000, 3)) * (1, 1, 3), "input_layer").config["mean"]


@pytest.mark.parametrize("loss", ["mse", "mae", "huber"])
def test_where_the_size_of_the_loss_counts_the_targets_themselves_are_scaled(loss: str) -> None:
    rng = np.random.default_rng(0)
    for optimizer in ("sgd", "adam"):
        model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
        model.compile(optimizer, loss)
        y = np.tile([1000.0, 2000.0], 100)
        recipe = capture_model(model, x=rng.normal(size=(200, 3)), y=y).recipe
        scaled = ScaleTargets().apply(recipe)
        assert scaled.loss_weights is None
        if optimizer == "adam":
            assert scaled.architecture.inserted[0].config["scale"] == 500
            continue
        assert not scaled.architecture.inserted
        assert scaled.train.y.tolist() == np.tile([-1.0, 1.0], 100).tolist()
        assert scaled.unscaled(np.array([-1.0, 1.0])).tolist() == [1000, 2000]
        assert scaled.signature != recipe.signature and fingerprint(scaled) != fingerprint(recipe)
