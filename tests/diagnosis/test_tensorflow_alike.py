"""A script in TensorFlow's ways has one fate, whether TensorFlow is installed or not."""

from __future__ import annotations

import numpy as np
import pytest

from two_environments import SCRIPTS, environment, told


@pytest.mark.tensorflow
def test_a_recipe_is_the_same_with_tensorflow_and_without(tmp_path):
    pytest.importorskip("tensorflow")
    one, other = (told(SCRIPTS, environment(tmp_path, tensorflow=there)) for there in (True, False))
    assert len(one) >= 30 and one.keys() == other.keys()
    for name, found in one.items():
        assert "refused" not in found, name
        np.testing.assert_allclose(found.pop("losses"), other[name].pop("losses"), rtol=1e-5)
    assert one == other
