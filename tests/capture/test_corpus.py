"""Scripts as people wrote them from 2015 to today: each is captured, and what was meant is what is
trained.

The scripts lie in `corpus/`; the first letters of a name tell the years: `k1` for Keras 1, `k2` for
Keras 2, `tf` for tf.keras, `k3` for today's. Nothing is trained.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from pathlib import Path

import pytest

from unstuck.base.errors import BadData
from unstuck.capture import Captured, capture_script, capture_text
from unstuck.network.recipe import Recipe
from unstuck.script import Script
from unstuck.script.modernising import modernised

CORPUS = Path(__file__).parents[1] / "corpus"
SCRIPTS = sorted(CORPUS.glob("*.py"))
OLD = [path for path in SCRIPTS if not path.stem.startswith(("k3", "cell"))]

pytestmark = [
    pytest.mark.filterwarnings("ignore:Do not pass an `input_shape`"),
    pytest.mark.filterwarnings("ignore::SyntaxWarning"),
    # What Keras keeps of its old preprocessing is as old as that.
    pytest.mark.filterwarnings("ignore:Please import `affine_transform`:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:non-integer arguments to randrange:DeprecationWarning"),
]
LISTS = ("tf_hello_lists",)
"""Scripts whose lists of numbers tf.keras took for arrays, and Keras 3 does not."""


@dataclass(frozen=True)
class Expected:
    """The line of `fit`, all weights, the rows trained on, and so on, as the script means them."""

    line: int
    parameters: int
    rows: int
    batch_size: int
    epochs: int
    loss: str
    optimizer: str
    written_for: str


EXPECTED = {
    "cell_magicless": Expected(7, 6, 10, 32, 2, "mean_squared_error", "Adam", ""),
    "k1_attention": Expected(19, 402, 48, 12, 4, "mean_squared_error", "Adam", "Keras 1"),
    "k1_batch_normalization": Expected(17, 130, 30, 32, 2, "mean_absolute_error", "Nadam", "Keras 1"),
    "k1_convolution": Expected(21, 203, 24, 8, 4, "categorical_crossentropy", "Adadelta", "Keras 1"),
    "k1_default_epochs": Expected(9, 12, 3, 1, 1, "mean_squared_error", "Adagrad", "Keras 1"),
    "k1_embedding": Expected(13, 453, 18, 6, 2, "binary_crossentropy", "Adam", "Keras 1"),
    "k1_functional_autoencoder": Expected(
        16, 148, 64, 32, 50, "binary_crossentropy", "Adadelta", "Keras 1"),
    "k1_lstm": Expected(13, 166, 16, 4, 2, "mean_squared_error", "RMSprop", "Keras 1"),
    "k1_merge": Expected(10, 6, 20, 5, 3, "binary_crossentropy", "RMSprop", "Keras 1"),
    "k1_nb_row": Expected(11, 73, 6, 3, 2, "mean_squared_error", "SGD", "Keras 1"),
    "k1_output_dim": Expected(13, 221, 80, 10, 15, "binary_crossentropy", "Adam", "Keras 1"),
    "k1_sequential_add": Expected(19, 1409, 100, 16, 20, "mean_squared_error", "SGD", "Keras 1"),
    "k1_sparse_autoencoder": Expected(
        11, 162, 40, 20, 10, "binary_crossentropy", "Adadelta", "Keras 1"),
    "k2_add_loss_vae": Expected(38, 500, 100, 20, 5, "none", "Adam", "Keras 2"),
    "k2_backend_loss": Expected(15, 17, 20, 10, 4, "custom", "Adam", "Keras 2"),
    "k2_callbacks": Expected(16, 31, 36, 8, 30, "mean_squared_error", "Adam", "Keras 2"),
    "k2_cudnn": Expected(7, 133, 8, 4, 2, "mean_squared_error", "Adam", "Keras 2"),
    "k2_dim_ordering": Expected(13, 38, 10, 5, 2, "sparse_categorical_crossentropy", "Adam", "Keras 2"),
    "k2_dqn": Expected(29, 770, 1, 32, 1, "mean_squared_error", "Adam", "Keras 2"),
    "k2_engine": Expected(29, 6, 12, 4, 3, "mean_squared_error", "SGD", "Keras 2"),
    "k2_focal_loss": Expected(33, 71, 100, 10, 5, "custom", "Adam", "Keras 2"),
    "k2_grid_search": Expected(27, 221, 48, 5, 3, "binary_crossentropy", "RMSprop", "Keras 2"),
    "k2_image_generator_crosses": Expected(7, 65, 320, 10, 5, "binary_crossentropy", "Adam", "Keras 2"),
    "k2_kl_loss": Expected(7, 9, 10, 32, 2, "kl_divergence", "SGD", "Keras 2"),
    "k2_loss_words": Expected(6, 9, 10, 2, 2, "kl_divergence", "RMSprop", "Keras 2"),
    "k2_lr_decay": Expected(12, 26, 24, 8, 50, "mean_squared_error", "SGD", "Keras 2"),
    "k2_np_utils": Expected(16, 67, 60, 5, 20, "categorical_crossentropy", "Adam", "Keras 2"),
    "k2_one_hot_text": Expected(22, 433, 10, 32, 50, "binary_crossentropy", "Adam", "Keras 2"),
    "k2_siamese": Expected(22, 92, 80, 16, 5, "custom", "RMSprop", "Keras 2"),
    "k2_skipgrams": Expected(20, 74, 132, 32, 3, "binary_crossentropy", "RMSprop", "Keras 2"),
    "k2_step_decay": Expected(24, 1225, 60, 28, 20, "binary_crossentropy", "SGD", "Keras 2"),
    "k2_timeseries": Expected(12, 491, 160, 8, 20, "mean_squared_error", "Adam", "Keras 2"),
    "k2_train_on_batch_xor": Expected(16, 33, 4, 4, 200, "binary_crossentropy", "SGD", "Keras 2"),
    "k2_variational": Expected(25, 156, 50, 10, 5, "binary_crossentropy", "RMSprop", "Keras 2"),
    "k2_wrapped_build": Expected(18, 49, 30, 5, 10, "binary_crossentropy", "Adam", "Keras 2"),
    "k3_add_loss_layer": Expected(19, 76, 120, 16, 10, "none", "Adam", ""),
    "k3_argparse": Expected(12, 27, 30, 10, 6, "mean_squared_error", "Adam", ""),
    "k3_chdir_and_writes": Expected(17, 37, 72, 16, 8, "mean_absolute_error", "Adam", ""),
    "k3_class_trainer": Expected(17, 17, 20, 5, 8, "mean_squared_error", "SGD", ""),
    "k3_class_weight": Expected(7, 4, 20, 5, 2, "binary_crossentropy", "Adam", ""),
    "k3_config_dict": Expected(8, 13, 10, 2, 4, "mean_squared_error", "Adam", ""),
    "k3_constants_on_top": Expected(13, 31, 12, 4, 25, "mean_absolute_error", "Nadam", ""),
    "k3_custom_layer": Expected(20, 16, 11, 32, 2, "mean_squared_error", "Adam", ""),
    "k3_custom_loss_class": Expected(17, 3, 9, 3, 2, "custom", "Adam", ""),
    "k3_dict_inputs": Expected(8, 6, 12, 4, 3, "mean_squared_error", "Adam", ""),
    "k3_digits": Expected(
        11, 1210, 1437, 32, 5, "sparse_categorical_crossentropy", "Adam", ""),
    "k3_generated_rows": Expected(11, 21, 8, 8, 20, "binary_crossentropy", "Adam", ""),
    "k3_generator_crosses": Expected(12, 49, 100, 32, 15, "mean_squared_error", "Adam", ""),
    "k3_gru": Expected(8, 133, 8, 4, 2, "mean_squared_error", "Adam", ""),
    "k3_images_uint8": Expected(11, 82, 12, 4, 2, "sparse_categorical_crossentropy", "Adam", ""),
    "k3_initial_epoch": Expected(6, 41, 128, 8, 10, "binary_crossentropy", "Adam", ""),
    "k3_kfold": Expected(14, 26, 30, 10, 6, "binary_crossentropy", "Adam", ""),
    "k3_latin1": Expected(6, 13, 2, 32, 2, "mean_squared_error", "Adam", ""),
    "k3_layer_inside_and_out": Expected(10, 43, 40, 32, 3, "mean_squared_error", "Adam", ""),
    "k3_loop_layers": Expected(10, 142, 16, 4, 5, "mean_squared_error", "SGD", ""),
    "k3_main_function": Expected(22, 44, 48, 16, 9, "sparse_categorical_crossentropy", "Adam", ""),
    "k3_matplotlib": Expected(10, 25, 50, 32, 40, "mean_squared_error", "Adam", ""),
    "k3_multi_io": Expected(15, 1272, 60, 12, 4, "several", "RMSprop", ""),
    "k3_nested_model": Expected(9, 45, 21, 7, 3, "binary_crossentropy", "Adam", ""),
    "k3_pandas": Expected(9, 17, 20, 4, 3, "binary_crossentropy", "Adam", ""),
    "k3_pandas_values": Expected(10, 16, 20, 32, 2, "mean_absolute_error", "RMSprop", ""),
    "k3_positional_fit": Expected(7, 6, 2, 1, 7, "mean_squared_error", "SGD", ""),
    "k3_pretrain_finetune": Expected(7, 31, 10, 32, 2, "mean_squared_error", "Adam", ""),
    "k3_prints_and_reads": Expected(16, 2, 30, 32, 10, "mean_squared_error", "SGD", ""),
    "k3_residual": Expected(19, 126, 14, 7, 2, "mean_squared_error", "Adam", ""),
    "k3_sample_weight": Expected(6, 8, 20, 5, 2, "huber", "AdamW", ""),
    "k3_schedule": Expected(6, 6, 2, 1, 10, "mean_squared_error", "SGD", ""),
    "k3_shared_layer": Expected(9, 21, 10, 5, 2, "binary_crossentropy", "Adam", ""),
    "k3_sklearn_wrapper": Expected(
        19, 210, 200, 32, 5, "categorical_crossentropy", "SGD", ""),
    "k3_subclass_config": Expected(21, 13, 10, 5, 4, "mean_squared_error", "Adam", ""),
    "k3_tabs_and_crlf": Expected(11, 6, 2, 32, 6, "mean_squared_error", "Adam", ""),
    "k3_threaded": Expected(9, 6, 2, 32, 3, "mean_squared_error", "Adam", ""),
    "k3_train_on_batch": Expected(13, 81, 200, 20, 10, "mean_squared_error", "Adam", ""),
    "k3_two_bits": Expected(11, 28, 32, 8, 12, "binary_crossentropy", "Adam", ""),
    "k3_two_inputs": Expected(9, 20, 18, 6, 2, "mean_squared_error", "Adam", ""),
    "k3_two_outputs": Expected(9, 44, 15, 32, 2, "several", "Adam", ""),
    "k3_xor_repeat": Expected(7, 9, 20, 4, 30, "mean_squared_error", "SGD", ""),
    "tf_autoencoder": Expected(27, 47, 24, 32, 10, "mean_squared_error", "Adam", "tf.keras"),
    "tf_backend": Expected(13, 65, 16, 4, 3, "custom", "Adam", "tf.keras"),
    "tf_compat_v1": Expected(12, 13, 12, 32, 3, "mean_squared_error", "SGD", "tf.keras"),
    "tf_constants": Expected(10, 9, 4, 4, 100, "mean_squared_error", "SGD", "tf.keras"),
    "tf_exponential_decay": Expected(13, 89, 100, 32, 5, "custom", "SGD", "tf.keras"),
    "tf_gpu_setup": Expected(17, 3, 9, 3, 2, "custom", "Adam", "tf.keras"),
    "tf_hello_lists": Expected(6, 2, 6, 32, 50, "mean_squared_error", "SGD", "tf.keras"),
    "tf_image_generator": Expected(
        16, 343, 180, 10, 3, "categorical_crossentropy", "Adam", "tf.keras"),
    "tf_preprocessing": Expected(16, 64, 4, 32, 3, "binary_crossentropy", "Adam", "tf.keras"),
    "tf_python_keras": Expected(8, 6, 2, 32, 4, "categorical_crossentropy", "Adam", "tf.keras"),
    "tf_relu": Expected(14, 17, 24, 32, 7, "mean_squared_error", "RMSprop", "tf.keras"),
    "tf_sampling_layer": Expected(25, 77, 32, 8, 3, "binary_crossentropy", "Adam", "tf.keras"),
    "tf_sequential": Expected(
        15, 334, 40, 32, 5, "sparse_categorical_crossentropy", "Adam", "tf.keras"),
    "tf_subclass": Expected(19, 38, 20, 4, 3, "mean_squared_error", "Adam", "tf.keras"),
    "tf_timeseries": Expected(10, 329, 145, 16, 5, "mean_squared_error", "Adam", "tf.keras"),
    "tf_attention_layer": Expected(28, 92, 16, 4, 2, "mean_absolute_error", "Adam", "tf.keras"),
    "tf_augmentation": Expected(20, 37, 40, 5, 2, "binary_crossentropy", "RMSprop", "tf.keras"),
    "tf_data_dict": Expected(15, 4, 30, 10, 3, "binary_crossentropy", "Adam", "tf.keras"),
    "tf_data_generator": Expected(17, 4, 30, 6, 4, "binary_crossentropy", "SGD", "tf.keras"),
    "tf_data_pipeline": Expected(19, 92, 40, 10, 3, "categorical_crossentropy", "Adam", "tf.keras"),
    "tf_data_windows": Expected(20, 19, 99, 11, 5, "huber", "SGD", "tf.keras"),
    "tf_focal_class": Expected(18, 31, 40, 10, 6, "custom", "Adam", "tf.keras"),
    "tf_masked_loss": Expected(17, 153, 21, 7, 2, "custom", "Adam", "tf.keras"),
    "tf_noise_layer": Expected(23, 22, 32, 8, 4, "custom", "Adam", "tf.keras"),
    "tf_own_metric": Expected(
        24, 18, 18, 6, 3, "sparse_categorical_crossentropy", "Adagrad", "tf.keras"),
    "tf_pinball": Expected(18, 43, 45, 15, 5, "custom", "Nadam", "tf.keras"),
    "tf_rmse_loss": Expected(17, 21, 24, 8, 4, "custom", "Adam", "tf.keras"),
    "tf_siamese_triplet": Expected(17, 16, 12, 4, 3, "custom", "Adam", "tf.keras"),
    "tf_usual_callbacks": Expected(17, 37, 48, 16, 20, "mean_squared_error", "Adam", "tf.keras"),
    "tf_warmup_schedule": Expected(
        22, 58, 30, 32, 3, "sparse_categorical_crossentropy", "Adam", "tf.keras"),
}


def captured(path: Path) -> Captured:
    if "pandas" in path.stem:
        pytest.importorskip("pandas")
    if "matplotlib" in path.stem:
        pytest.importorskip("matplotlib")
    return capture_script(path)


def found(capture: Captured) -> Expected:
    recipe = capture.recipe
    return Expected(
        line=capture.line or 0, parameters=capture.parameters, rows=recipe.train.rows,
        batch_size=recipe.batch_size, epochs=recipe.epochs, loss=recipe.loss_config[0],
        optimizer=recipe.optimizer.kind, written_for=recipe.written_for,
    )


def training(recipe: Recipe) -> tuple[object, ...]:
    """What is trained, in plain values; a function of the user's is told by being one."""
    layers = [(layer.kind, repr(layer.config)) for layer in recipe.layers
              if layer.kind != "Lambda"]
    loss = recipe.loss_config
    return (layers, recipe.optimizer.kind, repr(recipe.optimizer.config), loss[0], repr(loss[1]),
            recipe.epochs, recipe.batch_size, recipe.validation_split, recipe.shuffle,
            recipe.train.rows)


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_a_script_is_captured_as_it_was_meant(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = path.read_bytes()
    assert astuple(found(captured(path))) == astuple(EXPECTED[path.stem])
    assert path.read_bytes() == before


def test_the_table_has_a_row_for_each_script_and_no_other() -> None:
    assert set(EXPECTED) == {path.stem for path in SCRIPTS}
    assert len(EXPECTED) >= 60


@pytest.mark.parametrize("path", OLD, ids=lambda path: path.stem)
def test_in_todays_spelling_it_is_the_same_training(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = Script.read(path)
    after, left = modernised(script)
    again, still = modernised(after)
    assert (again.data, still) == (after.data, left)
    if any(old.new == "TensorFlow itself is needed" for old in left):
        return
    one = captured(path).recipe
    if path.stem in LISTS:
        with pytest.raises(BadData, match=r"Write np\.array\(x\)"):
            capture_text(after.text, filename=str(path))
        return
    other = capture_text(after.text, filename=str(path)).recipe
    assert training(one) == training(other), script.diff(after)
    assert bool(left) is bool(other.written_for), left


@pytest.mark.parametrize(
    "path", [path for path in SCRIPTS if path not in OLD], ids=lambda path: path.stem)
def test_a_script_of_today_has_nothing_to_translate(path: Path) -> None:
    script = Script.read(path)
    assert modernised(script) == (script, ())
