"""Text and sounds before they are numbers, folders and tables of files: without TensorFlow."""

from __future__ import annotations

import io
import wave

import keras
import numpy as np
import pytest

from unstuck.base.errors import BadData, NotSupported
from unstuck.capture import capture_script
from unstuck.capture.tensorflow import folders, sounds, tables, words
from unstuck.capture.tensorflow.lookups import IntegerLookup, StringLookup, TextVectorization
from unstuck.capture.tensorflow.sources import from_tensor_slices


@pytest.mark.parametrize(("made", "wanted"), [
    (lambda: words.lower("Ab Ä"), "ab ä".encode()),
    (lambda: words.regex_replace(["<br />a.b", "c"], "[.]|<br />", " "), [b" a b", b"c"]),
    (lambda: words.split("a b  c"), [b"a", b"b", b"c"]),
    (lambda: words.split(["a,b", "c"], ",").to_tensor(), [[b"a", b"b"], [b"c", b""]]),
    (lambda: words.unicode_split("äb", "UTF-8"), ["ä".encode(), b"b"]),
    (lambda: words.join([["a", "b"], ["c", "d"]], "-"), [b"a-c", b"b-d"]),
    (lambda: words.reduce_join([["a", "b"], ["c", "d"]], axis=-1), [b"ab", b"cd"]),
    (lambda: words.substr("abcd", 1, 2), b"bc"),
])
def test_functions_of_text(made, wanted):
    assert np.asarray(made().numpy(), object).tolist() == wanted


def test_what_is_no_text_is_left_alone():
    assert not any(map(words.is_text, (keras.Variable([1.0]), np.ones(2), [1, 2], None, 3.0, [])))
    assert all(map(words.is_text, ("a", b"a", ["a"], np.array(["a"]), np.array([b"a"], object))))


def test_numbers_out_of_text():
    np.testing.assert_array_equal(words.to_number(["1.5", "-2"]), [1.5, -2])
    np.testing.assert_array_equal(words.length(["abc", "ä"]), [3, 2])
    np.testing.assert_array_equal(words.length(["ä"], unit="UTF8_CHAR"), [1])


def test_bytes_that_are_no_text_come_through_unharmed():
    raw = bytes(range(256))
    assert words.bytes_of(words.text_of(raw)) == raw == words.text_of(np.array(raw, object)).numpy()


def test_words_are_looked_up_and_back():
    lookup = StringLookup(vocabulary=["a", "b"], mask_token=None)
    assert lookup.get_vocabulary() == ["[UNK]", "a", "b"]
    np.testing.assert_array_equal(lookup(np.array([["b", "?"]])), [[2, 0]])
    back = StringLookup(vocabulary=lookup.get_vocabulary(), mask_token=None, invert=True)
    assert back(np.array([1, 2])).numpy().tolist() == [b"a", b"b"]
    none = StringLookup(vocabulary=["a"], num_oov_indices=0)
    with pytest.raises(ValueError, match="'z' is not in the vocabulary"):
        none(["z"])


def test_whole_numbers_are_looked_up_inside_of_a_network_too():
    lookup = IntegerLookup(output_mode="one_hot")
    lookup.adapt(np.array([7, 7, 3]))
    assert lookup.get_vocabulary() == [-1, 7, 3]
    entry = keras.Input((1,), dtype="int64")
    model = keras.Model(entry, lookup(entry))
    found = model.predict(np.array([[3], [9], [7]]), verbose=0)
    np.testing.assert_array_equal(found, np.eye(3)[[2, 0, 1]])
    again = IntegerLookup.from_config(lookup.get_config())
    assert again.get_vocabulary() == lookup.get_vocabulary()


def test_text_becomes_rows_of_numbers_as_keras_describes_it():
    layer = TextVectorization(max_tokens=4, output_sequence_length=3)
    layer.adapt(from_tensor_slices(["The cat!", "the dog.", "the, the cat"]).batch(2))
    assert layer.get_vocabulary() == ["", "[UNK]", "the", "cat"]
    np.testing.assert_array_equal(layer(["cat THE bird the", ""]), [[3, 2, 1], [0, 0, 0]])
    bags = TextVectorization(output_mode="multi_hot", vocabulary=["a", "b"])
    np.testing.assert_array_equal(bags(["b b", "z"]), [[0, 0, 1], [1, 0, 0]])
    counts = TextVectorization(output_mode="count", vocabulary=["a", "a b"], ngrams=2)
    np.testing.assert_array_equal(counts(["a b a"]), [[2, 2, 1]])
    frequent = TextVectorization(output_mode="tf_idf")
    frequent.adapt(["a b", "a a"])
    rare, often = np.log(1 + 2 / 2), np.log(1 + 2 / 3)
    np.testing.assert_allclose(frequent(["a a b"]), [[0, 2 * often, rare]], rtol=1e-5)


PIPELINE = """
import numpy as np
import keras
import tensorflow as tf
texts = ["a good one", "a bad one"] * 8
data = tf.data.Dataset.from_tensor_slices((texts, [1, 0] * 8))
layer = keras.layers.TextVectorization(max_tokens=9, output_sequence_length=3,
    standardize=lambda t: tf.strings.regex_replace(tf.strings.lower(t), "o", "0"))
layer.adapt(data.map(lambda text, label: text))
"""


def test_a_pipeline_over_text_is_taken(write):
    found = capture_script(write(PIPELINE + """
rows = data.batch(4).map(lambda text, label: (layer(tf.expand_dims(text, -1)), label))
model = keras.Sequential([keras.layers.Embedding(9, 2), keras.layers.Flatten(), keras.layers.Dense(1)])
model.compile("adam", "mse")
model.fit(rows)
"""))
    assert found.recipe.train.x.shape == (16, 3) and found.recipe.train.x.max() == 5


def test_a_network_that_gets_text_is_refused_by_its_line(write):
    with pytest.raises(NotSupported, match=r"line 12: The network gets text"):
        capture_script(write(PIPELINE + """
entry = keras.Input((1,), dtype="string")
out = layer(entry)
"""))


def test_folders_of_pictures(tmp_path):
    for name, grey in (("cats", 0), ("dogs", 250)):
        for n in range(5):
            (tmp_path / name).mkdir(exist_ok=True)
            keras.utils.save_img(tmp_path / name / f"{n}.png", np.full((4, 6, 3), grey), scale=False)
    train, held = folders.image_dataset_from_directory(
        tmp_path, image_size=(2, 3), batch_size=4, validation_split=0.2, subset="both", seed=1)
    assert train.class_names == ["cats", "dogs"] and (len(train), len(held)) == (2, 1)
    for images, labels in [*train.as_numpy_iterator(), *held.as_numpy_iterator()]:
        np.testing.assert_array_equal(images.mean((1, 2, 3)), labels * 250)
    rows = folders.image_dataset_from_directory(tmp_path, label_mode="categorical", shuffle=False)
    np.testing.assert_array_equal(next(rows.as_numpy_iterator())[1], np.repeat(np.eye(2), 5, 0))
    alone = folders.image_dataset_from_directory(tmp_path, label_mode=None, batch_size=None)
    assert next(alone.as_numpy_iterator()).shape == (256, 256, 3)
    with pytest.raises(BadData, match=r"no files that end in \.txt"):
        folders.text_dataset_from_directory(tmp_path)
    with pytest.raises(BadData, match="There is no folder"):
        folders.text_dataset_from_directory(tmp_path / "none")


def test_the_same_order_of_files_as_keras_has(tmp_path):
    """Keras shuffles names and labels apart, with the same seed: its parts are these."""
    for name in "ab":
        for n in range(4):
            (tmp_path / name).mkdir(exist_ok=True)
            (tmp_path / name / f"{n}.txt").write_text(f"{name}{n}")
    found = folders.text_dataset_from_directory(tmp_path, seed=3, validation_split=0.5,
                                                subset="validation")
    files = [str(tmp_path / name / f"{n}.txt") for name in "ab" for n in range(4)]
    np.random.RandomState(3).shuffle(files)
    assert found.file_paths == files[4:]


def test_tables_and_lines(tmp_path):
    file = tmp_path / "t.csv"
    file.write_text("age,kind,y\n3,x,0\n4,,1\n5,x,1\n")
    rows = tables.make_csv_dataset(str(file), 3, label_name="y", num_epochs=1, shuffle=False)
    columns, label = next(rows.as_numpy_iterator())
    assert columns["age"].tolist() == [3, 4, 5] and columns["kind"].tolist() == [b"x", b"", b"x"]
    assert label.tolist() == [0, 1, 1]
    endless = tables.make_csv_dataset(str(file), 2, select_columns=["age"], column_defaults=[0.5])
    assert endless.num_batches is None and next(endless.as_numpy_iterator())["age"].dtype == np.float32
    assert [line.item() for line in tables.lines(str(file)).as_numpy_iterator()][1] == b"3,x,0"


def test_sounds():
    kept = io.BytesIO()
    with wave.open(kept, "wb") as stream:
        stream.setnchannels(1)
        stream.setsampwidth(2)
        stream.setframerate(8000)
        stream.writeframes(np.array([0, 16384, -32768], "<i2").tobytes())
    sound, rate = sounds.decode_wav(np.array(kept.getvalue(), object), desired_samples=4)
    np.testing.assert_array_equal(sound, [[0], [0.5], [-1], [0]])
    assert int(rate) == 8000
    wave_ = np.sin(np.arange(64) * 2 * np.pi / 8).astype("float32")
    found = np.abs(sounds.stft(wave_, 16, 8))
    assert found.shape == (7, 9) and (found.argmax(-1) == 2).all()
