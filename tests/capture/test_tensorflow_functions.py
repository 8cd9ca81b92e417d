"""The functions that stand for TensorFlow's compute what TensorFlow computes."""

from __future__ import annotations

import re

import keras
import numpy as np
import pytest

import tensorflow_cases as cases
from unstuck.base.errors import NotSupported
from unstuck.capture import tensorflow as stand_in
from unstuck.network import adapter

tf = stand_in.facade(lambda: keras)
NAMESPACES = ("math", "linalg", "nn", "image")


def values(module, expression, seed=0):
    """What an expression gives, as numpy has it, with `tf` being this module."""
    made = {name: module.constant(array) for name, array in cases.arrays(seed).items()}
    found = eval(expression, {"tf": module, "np": np, **made})
    return np.asarray(found.value if isinstance(found, keras.Variable) else found)


def test_every_function_has_an_expression():
    named = set(re.findall(r"tf\.(?:[a-z]+\.)?(\w+)\(", "\n".join(cases.CASES)))
    for part in NAMESPACES:
        functions = {name for name in dir(getattr(tf, part)) if not name.startswith("decode_")}
        left = functions - named - cases.DRAWN - {"ResizeMethod"}
        assert not left, f"tf.{part}: {sorted(left)}"


@pytest.mark.parametrize("expression", cases.CASES)
def test_it_can_be_called_so(expression):
    assert values(tf, expression).dtype.kind in "biufc"


@pytest.mark.tensorflow
@pytest.mark.parametrize("expression", cases.CASES)
def test_it_is_what_tensorflow_computes(expression):
    real = pytest.importorskip("tensorflow")
    for seed in range(3):
        ours, theirs = values(tf, expression, seed), values(real, expression, seed)
        assert ours.shape == theirs.shape
        assert ours.dtype.kind == theirs.dtype.kind
        assert np.allclose(ours, theirs, rtol=2e-4, atol=2e-5), (ours, theirs)


BY_HAND = {
    "tf.reduce_mean([[1., 2.], [3., 6.]])": 3,
    "tf.reduce_mean([[1., 2.], [3., 6.]], axis=1)": [1.5, 4.5],
    "tf.reduce_sum([[1., 2.], [3., 4.]], axis=0, keepdims=True)": [[4, 6]],
    "tf.reduce_max([1., 5., 3.])": 5, "tf.reduce_any([False, True])": True,
    "tf.square([2., -3.])": [4, 9], "tf.sqrt([4., 9.])": [2, 3], "tf.abs([-1., 2.])": [1, 2],
    "tf.exp([0., 1.])": [1, np.e], "tf.math.log([1., np.e])": [0, 1],
    "tf.math.squared_difference([1., 5.], [3., 1.])": [4, 16],
    "tf.math.divide_no_nan([1., 1.], [2., 0.])": [0.5, 0], "tf.clip_by_value([-2., 0.5, 2.], -1., 1.)":
    [-1, 0.5, 1], "tf.maximum([1., 4.], 2.)": [2, 4], "tf.pow([2., 3.], 2.)": [4, 9],
    "tf.cast([1.7, -1.7], tf.int32)": [1, -1], "tf.cast(True, 'float32')": 1,
    "tf.argmax([[1., 9.], [8., 2.]])": [1, 0], "tf.argmax([[1., 9.], [8., 2.]], axis=1)": [1, 0],
    "tf.one_hot([1, 0], 2)": [[0, 1], [1, 0]], "tf.equal([1, 2], [1, 3])": [True, False],
    "tf.where([True, False], 1., 0.)": [1, 0], "tf.gather([5., 6., 7.], [2, 0])": [7, 5],
    "tf.concat([[1.], [2., 3.]], axis=0)": [1, 2, 3], "tf.stack([[1., 2.], [3., 4.]], axis=1)":
    [[1, 3], [2, 4]], "tf.reshape([[1., 2.], [3., 4.]], [-1])": [1, 2, 3, 4],
    "tf.expand_dims([1., 2.], -1)": [[1], [2]], "tf.transpose([[1., 2.], [3., 4.]])": [[1, 3], [2, 4]],
    "tf.matmul([[1., 2.]], [[3., 4.]], transpose_b=True)": [[11]], "tf.norm([3., 4.])": 5,
    "tf.linalg.band_part(tf.ones((2, 2)), -1, 0)": [[1, 0], [1, 1]],
    "tf.nn.softmax_cross_entropy_with_logits([[1., 0.]], [[0., 0.]])": [np.log(2)],
    "tf.nn.sigmoid_cross_entropy_with_logits(labels=[1.], logits=[0.])": [np.log(2)],
    "tf.nn.l2_normalize([3., 4.], 0)": [0.6, 0.8], "tf.nn.relu([-1., 2.])": [0, 2],
    "tf.image.resize([[[0.], [1.]]], [1, 4])": [[[0], [0.25], [0.75], [1]]],
    "tf.image.rgb_to_grayscale([[[1., 1., 0.]]])": [[[0.8859]]],
    "tf.image.convert_image_dtype(np.array([[[255]]], 'uint8'), tf.float32)": [[[1]]],
    "tf.image.adjust_contrast([[[0.], [1.]]], 0.5)": [[[0.25], [0.75]]],
    "tf.cumsum([1., 2., 3.], exclusive=True)": [0, 1, 3], "tf.range(1, 7, 2)": [1, 3, 5],
    "tf.fill([2], 3.)": [3, 3], "tf.pad([1.], [[1, 2]])": [0, 1, 0, 0],
    "tf.shape(tf.zeros((2, 3)))": [2, 3],
}


@pytest.mark.parametrize("expression", BY_HAND)
def test_it_is_what_the_definition_says(expression):
    found = values(tf, expression)
    assert np.shape(found) == np.shape(BY_HAND[expression])
    assert np.allclose(found, BY_HAND[expression], atol=1e-6)


@pytest.mark.parametrize("name", sorted(cases.DRAWN - {"sample_distorted_bounding_box"}))
def test_what_is_drawn_has_its_shape_and_moves(name):
    picture = np.random.default_rng(0).uniform(size=(5, 6, 3)).astype("float32")
    given = {"random_crop": ((3, 3, 3),), "random_brightness": (0.3,), "random_hue": (0.3,),
             "random_contrast": (0.2, 3.0), "random_saturation": (0.2, 3.0)}.get(name, ())
    drawn = [np.asarray(getattr(tf.image, name)(picture, *given)) for _ in range(20)]
    assert {one.shape for one in drawn} == {(3, 3, 3) if name == "random_crop" else picture.shape}
    assert len({one.tobytes() for one in drawn}) > 1


def test_a_random_part_lies_in_the_picture_and_has_the_size_asked_for():
    seen = set()
    for _ in range(20):
        begin, size, box = tf.image.sample_distorted_bounding_box(
            (40, 60, 3), tf.zeros([0, 0, 4]), area_range=(0.2, 0.6), aspect_ratio_range=(0.8, 1.2),
            use_image_if_no_bounding_boxes=True)
        (top, left, _), (high, across, _) = begin.tolist(), size.tolist()
        assert 0 <= top <= 40 - high and 0 <= left <= 60 - across
        assert 0.17 < high * across / 2400 < 0.63 and 0.75 < across / high < 1.25
        np.testing.assert_allclose(
            np.ravel(box), [top / 40, left / 60, (top + high) / 40, (left + across) / 60], rtol=1e-6)
        seen.add((top, left, high, across))
    assert len(seen) > 10
    with pytest.raises(NotSupported, match="with boxes"):
        tf.image.sample_distorted_bounding_box((40, 60, 3), [[[0.0, 0.0, 1.0, 1.0]]])


def test_draws_of_tf_random():
    tf.random.set_seed(1)
    sample = np.asarray(tf.random.normal((2000,), mean=3.0, stddev=2.0))
    assert abs(sample.mean() - 3) < 0.2 and abs(sample.std() - 2) < 0.2
    whole = np.asarray(tf.random.uniform((500,), 2, 5, dtype=tf.int32))
    assert set(whole.tolist()) == {2, 3, 4}
    assert np.abs(np.asarray(tf.random.truncated_normal((500,)))).max() <= 2
    assert sorted(np.asarray(tf.random.shuffle([1, 2, 3])).tolist()) == [1, 2, 3]
    assert np.asarray(tf.random.categorical(np.log([[0.001, 0.999]]), 50)).mean() > 0.8
    assert abs(np.asarray(tf.random.poisson((2000,), 4.0)).mean() - 4) < 0.3
    same = [np.asarray(tf.random.stateless_uniform((3,), seed=(1, 2))) for _ in range(2)]
    assert np.array_equal(*same)


def test_tensors_are_asked_about():
    one = tf.constant([1.0, 2.0])
    assert isinstance(one, tf.Tensor) and tf.is_tensor(one) and not isinstance(1, tf.Tensor)
    assert isinstance(tf.Variable(1.0), tf.Variable)
    assert one.dtype == tf.float32 and tf.float32.is_floating and tf.uint8.max == 255
    height, width = tf.shape(tf.zeros((3, 4)))
    assert (height, width) == (3, 4) and type(height) is int
    assert (tf.Tensor | None) is not None
    variable = tf.Variable([1.0, 2.0])
    variable.assign_add([1.0, 1.0])
    assert np.allclose(variable.numpy(), [2, 3])


MISSING = ("tf.estimator", "tf.math.bessel_i0", "tf.raw_ops", "tf.nn.ctc_loss",
           "tf.data.Dataset.range(3).unique()", "tf.contrib")


@pytest.mark.parametrize("expression", MISSING)
def test_what_is_missing_is_refused_by_name(expression):
    with pytest.raises(NotSupported) as raised:
        eval(expression, {"tf": tf})
    assert "tf." in str(raised.value)


def test_a_tensor_of_a_functional_model_has_no_numbers():
    with pytest.raises(NotSupported, match="Lambda"):
        tf.math.lgamma(keras.Input((3,)))
    assert adapter.is_tensor(tf.reduce_mean(keras.Input((3,)), axis=1))
