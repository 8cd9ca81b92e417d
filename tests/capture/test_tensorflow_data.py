"""`tf.data` without TensorFlow: every step gives what TensorFlow's does, and `fit` takes it."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from unstuck.base.errors import BadData, NotSupported
from unstuck.capture import tensorflow as stand_in
from unstuck.capture.tape import tape
from unstuck.capture.tensorflow import utilities

tf = stand_in.facade(lambda: keras)

# Expressions of `tf`: what a pass gives is compared with TensorFlow's, and with what is written here.
PIPELINES = {
    "tf.data.Dataset.range(5)": [0, 1, 2, 3, 4],
    "tf.data.Dataset.range(1, 8, 3)": [1, 4, 7],
    "tf.data.Dataset.from_tensor_slices([1, 2, 3])": [1, 2, 3],
    "tf.data.Dataset.from_tensor_slices(([1, 2], [3, 4]))": [(1, 3), (2, 4)],
    "tf.data.Dataset.from_tensor_slices({'a': [1, 2], 'b': ([3, 4], [5, 6])})":
        [{"a": 1, "b": (3, 5)}, {"a": 2, "b": (4, 6)}],
    "tf.data.Dataset.from_tensors([1, 2])": [[1, 2]],
    "tf.data.Dataset.range(5).batch(2)": [[0, 1], [2, 3], [4]],
    "tf.data.Dataset.range(5).batch(2, drop_remainder=True)": [[0, 1], [2, 3]],
    "tf.data.Dataset.range(4).map(lambda x: x * 2)": [0, 2, 4, 6],
    "tf.data.Dataset.range(2).map(lambda x: (x, tf.cast(x, tf.float32) / 2.))": [(0, 0), (1, 0.5)],
    "tf.data.Dataset.range(2).map(lambda x: {'x': x})": [{"x": 0}, {"x": 1}],
    "tf.data.Dataset.range(6).filter(lambda x: x % 2 == 0)": [0, 2, 4],
    "tf.data.Dataset.range(2).repeat(2)": [0, 1, 0, 1],
    "tf.data.Dataset.range(3).repeat().take(4)": [0, 1, 2, 0],
    "tf.data.Dataset.range(5).skip(3)": [3, 4],
    "tf.data.Dataset.range(6).shard(3, 1)": [1, 4],
    "tf.data.Dataset.range(3).cache().prefetch(tf.data.AUTOTUNE)": [0, 1, 2],
    "tf.data.Dataset.range(2).enumerate(start=5)": [(5, 0), (6, 1)],
    "tf.data.Dataset.range(2).concatenate(tf.data.Dataset.range(2))": [0, 1, 0, 1],
    "tf.data.Dataset.zip((tf.data.Dataset.range(2), tf.data.Dataset.range(5)))": [(0, 0), (1, 1)],
    "tf.data.Dataset.zip(tf.data.Dataset.range(2), tf.data.Dataset.range(5))": [(0, 0), (1, 1)],
    "tf.data.Dataset.range(4).batch(4).unbatch()": [0, 1, 2, 3],
    "tf.data.Dataset.range(5).batch(2).rebatch(3)": [[0, 1, 2], [3, 4]],
    "tf.data.Dataset.range(5).window(3, shift=1, drop_remainder=True).flat_map(lambda w: w.batch(3))":
        [[0, 1, 2], [1, 2, 3], [2, 3, 4]],
    "tf.data.Dataset.range(7).window(2, shift=3, stride=2).flat_map(lambda w: w.batch(2))":
        [[0, 2], [3, 5], [6]],
    "tf.data.Dataset.range(7).window(2, shift=4).flat_map(lambda w: w.batch(2))": [[0, 1], [4, 5]],
    "tf.data.Dataset.range(3).flat_map(lambda x: tf.data.Dataset.range(x))": [0, 0, 1],
    "tf.data.Dataset.range(1, 4).interleave(lambda x: tf.data.Dataset.from_tensors(x).repeat(3),"
    " cycle_length=2, block_length=2)": [1, 1, 2, 2, 1, 2, 3, 3, 3],
    "tf.data.Dataset.range(1, 4).map(lambda x: tf.fill([x], x)).padded_batch(3)":
        [[[1, 0, 0], [2, 2, 0], [3, 3, 3]]],
    "tf.data.Dataset.range(1, 3).map(lambda x: tf.fill([x], x)).padded_batch(2, padded_shapes=[4])":
        [[[1, 0, 0, 0], [2, 2, 0, 0]]],
    "tf.data.Dataset.range(9).take_while(lambda x: x < 3)": [0, 1, 2],
    "tf.data.Dataset.range(3).apply(lambda d: d.map(lambda x: x + 1))": [1, 2, 3],
    "tf.data.Dataset.from_generator(lambda: iter([1, 2]), output_types=tf.float32)": [1, 2],
    "tf.data.Dataset.from_generator(lambda: iter([([1, 2], 0)]), output_signature=("
    "tf.TensorSpec((2,), tf.float32), tf.TensorSpec((), tf.int32)))": [([1, 2], 0)],
}


def passed(module, expression):
    """The elements of a pass, as nested lists and numbers."""
    def plain(element):
        if isinstance(element, dict):
            return {key: plain(part) for key, part in element.items()}
        if isinstance(element, tuple):
            return tuple(map(plain, element))
        return np.asarray(element).tolist()

    return list(map(plain, eval(expression, {"tf": module}).as_numpy_iterator()))


@pytest.mark.parametrize("expression", PIPELINES)
def test_a_pass_gives_what_it_should(expression):
    assert passed(tf, expression) == PIPELINES[expression]
    dataset = eval(expression, {"tf": tf})
    assert dataset.num_batches == len(PIPELINES[expression])


@pytest.mark.tensorflow
@pytest.mark.parametrize("expression", PIPELINES)
def test_it_is_what_tensorflow_gives(expression):
    real = pytest.importorskip("tensorflow")
    assert passed(real, expression) == PIPELINES[expression]
    ours, theirs = eval(expression, {"tf": tf}), eval(expression, {"tf": real})
    known = int(theirs.cardinality())
    assert int(ours.cardinality()) in (known, -2) or known == -2


SERIES = np.arange(40, dtype="float32").reshape(20, 2)
WINDOWS = {
    "plain": {"sequence_length": 4, "batch_size": 5},
    "strided": {"sequence_length": 3, "sequence_stride": 2, "sampling_rate": 2, "batch_size": 4},
    "a part": {"sequence_length": 3, "start_index": 4, "end_index": 15, "batch_size": None},
}


@pytest.mark.tensorflow
@pytest.mark.parametrize("name", WINDOWS)
def test_windows_of_a_series_are_keras_own(name):
    pytest.importorskip("tensorflow")
    ours, theirs = (list(make(SERIES, SERIES[:, 0], **WINDOWS[name]).as_numpy_iterator()) for make in (
        utilities.timeseries_dataset_from_array, keras.utils.timeseries_dataset_from_array))
    for one, other in zip(ours, theirs, strict=True):
        assert all(map(np.array_equal, one, other))


def test_windows_of_a_series():
    windows = utilities.timeseries_dataset_from_array(
        SERIES[:, 0], SERIES[3:, 0], sequence_length=3, batch_size=2, shuffle=True)
    rows = [row for x, y in windows.as_numpy_iterator()
            for row in zip(x.tolist(), y.tolist(), strict=True)]
    assert len(rows) == 17 and all(x == [y - 6, y - 4, y - 2] for x, y in rows)


def test_shuffling_keeps_the_rows_and_moves_them():
    rows = tf.data.Dataset.range(50).shuffle(50, seed=3)
    first, second = (list(rows.as_numpy_iterator()) for _ in range(2))
    assert sorted(first) == sorted(second) == list(range(50)) and first != second
    fixed = tf.data.Dataset.range(50).shuffle(50, seed=3, reshuffle_each_iteration=False)
    assert list(fixed.as_numpy_iterator()) == list(fixed.as_numpy_iterator())
    near = list(tf.data.Dataset.range(50).shuffle(5, seed=1).as_numpy_iterator())
    assert all(value <= place + 5 for place, value in enumerate(near))


def test_what_a_data_set_says_of_itself():
    pairs = tf.data.Dataset.from_tensor_slices((np.zeros((6, 3), "float32"), np.arange(6))).batch(4)
    shapes = [tuple(spec.shape) for spec in pairs.element_spec]
    assert shapes == [(None, 3), (None,)] and len(pairs) == 2 and pairs.cardinality() == 2
    assert tf.data.Dataset.range(2).repeat().cardinality() == tf.data.INFINITE_CARDINALITY
    with pytest.raises(TypeError, match="infinite"):
        len(tf.data.Dataset.range(2).repeat())
    with pytest.raises(ValueError, match="not compatible"):
        tf.data.Dataset.from_tensor_slices(([1, 2], [1, 2, 3]))
    with pytest.raises(NotSupported, match=r"tf\.data\.Dataset\.unique"):
        tf.data.Dataset.range(2).unique()
    assert not hasattr(pairs, "no_such_thing")


X = np.arange(48, dtype="float32").reshape(16, 3)
Y = X.sum(1, keepdims=True)


def small():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


def test_keras_trains_validates_and_predicts_on_it():
    data = tf.data.Dataset.from_tensor_slices((X / 48, Y / 48)).batch(5)
    history = small().fit(data, validation_data=data, epochs=2, verbose=0)
    assert len(history.history["val_loss"]) == 2
    endless = data.repeat()
    assert len(small().fit(
        endless, steps_per_epoch=3, epochs=2, shuffle=False, verbose=0).history["loss"]) == 2
    assert small().predict(data, verbose=0).shape == (16, 1)
    plain = small()
    assert np.isclose(plain.evaluate(data, verbose=0), plain.evaluate(X / 48, Y / 48, verbose=0))


KINDS = {
    "the same": (lambda d: d.batch(4), 2, "fixed"),
    "shuffled": (lambda d: d.shuffle(16).batch(4), 3, "rows"),
    "shuffled in batches": (lambda d: d.batch(4).shuffle(4), 3, "rows"),
    "drawn": (lambda d: d.map(lambda x, y: (x + tf.random.normal((3,)), y)).batch(4), 3, "stream"),
}


@pytest.mark.parametrize("name", KINDS)
def test_the_tape_knows_what_kind_it_is(name):
    steps, epochs, kind = KINDS[name]
    data = steps(tf.data.Dataset.from_tensor_slices((X, Y)))
    taped = tape(data, steps=None, epochs=epochs, shuffle=True)
    assert (taped.kind, taped.batch_size) == (kind, 4)
    assert taped.note.startswith("A tf.data.Dataset was taped")
    small().fit(taped.again, epochs=1, verbose=0)


def test_a_tape_without_targets_is_refused():
    with pytest.raises((NotSupported, BadData), match="targets"):
        tape(tf.data.Dataset.from_tensor_slices(X).batch(4), steps=None, epochs=1, shuffle=True)
