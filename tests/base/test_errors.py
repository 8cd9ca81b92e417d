"""Any error in one line."""

from __future__ import annotations

import keras
import pytest
from keras import layers

from unstuck.base.errors import in_a_line


def test_of_keras_it_is_what_went_wrong():
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        layers.Reshape((3,))(keras.Input((4,)))
    assert in_a_line(caught.value).startswith(
        "Reshape.call(): The total size of the tensor must be unchanged. Received: input_shape=(4,)")


@pytest.mark.parametrize(("error", "line"), [
    (ValueError("one\ntwo"), "one"), (KeyError(), "KeyError"), (None, "NoneType")])
def test_of_others_it_is_the_first_line(error, line):
    assert in_a_line(error) == line
