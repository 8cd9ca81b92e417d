"""Today's spelling: written only where it is the same training, and what is left is told."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from unstuck.diagnosis.repair import translated
from unstuck.doors import fixing
from unstuck.script import Script
from unstuck.script.dialect import dialect_of
from unstuck.script.old_spellings import old_spellings

OLD = """\
import numpy as np
from keras.models import Sequential
from keras.layers.core import Dense
from keras.utils import np_utils
x = np.eye(4)
model = Sequential()
model.add(Dense(output_dim=3, input_dim=4, init='uniform'))
model.add(Dense(4))
model.compile(loss='mse', optimizer='sgd')
model.fit(x, np_utils.to_categorical([0, 1, 2, 3]), nb_epoch=2, verbose=0)
print(model.predict_classes(x))
"""

pytestmark = pytest.mark.filterwarnings("ignore:Do not pass an `input_shape`")


def test_the_translation_is_the_same_training_and_tells_what_is_left():
    repaired = translated(Script.parse(OLD))
    assert repaired.ok, repaired.reason
    assert "epochs=2" in repaired.script.text and "from keras.layers import Dense" in repaired.diff
    assert fixing.by_hand(repaired) == [
        "line 11: .predict_classes is left; today: .predict(…).argmax(axis=-1), or predict(…) > 0.5"]


def test_a_script_of_today_is_not_written_again():
    repaired = translated(Script.parse("import keras\nmodel = keras.Sequential()\n"))
    assert not repaired.ok
    assert "nothing is old" in repaired.reason


@pytest.mark.parametrize(("source", "year"), [
    ("model.fit(x, y, nb_epoch=3)", "Keras 1"),
    ("from keras.optimizers import Adam\nAdam(lr=1)", "Keras 2"),
    ("import tensorflow as tf\ntf.keras.layers.Dense(1)", "tf.keras"),
    ("import tensorflow as tf", "tf.keras"),
    ("from tensorflow.keras.layers import Dense\nDense(output_dim=1)", "Keras 1"),
])
def test_the_year_of_a_script(source, year, tmp_path):
    dialect = dialect_of(Script.parse(source), tmp_path)
    assert dialect is not None and dialect.year == year


@pytest.mark.parametrize("source", [
    pytest.param("def train(nb_epoch=1): pass\ntrain(nb_epoch=2)", id="the user's own function"),
    pytest.param("class Adam:\n    pass\nAdam(lr=0.1)", id="a namesake"),
    pytest.param("import torch\ntorch.optim.Adam(p, lr=0.1)", id="another package"),
    pytest.param("from sklearn.svm import SVC\nSVC().fit(x, y)", id="another fit"),
    pytest.param("# Adam(lr=0.1)\ns = 'nb_epoch=3'", id="comments and strings"),
    pytest.param("from keras.optimizers import Adam\nAdam(0.1, decay=1e-3)", id="Keras 3 takes it"),
    pytest.param("from keras.layers import Convolution2D\nConvolution2D(3, (3, 3))", id="an alias"),
])
def test_what_is_no_old_spelling(source):
    assert old_spellings(Script.parse(source)) == ()


def test_modules_beside_the_script_count(tmp_path):
    (tmp_path / "net.py").write_text("from keras.layers.core import Dense\n")
    script = Script.parse("import net\n")
    assert dialect_of(script, tmp_path) is not None
    assert dialect_of(script, tmp_path / "elsewhere") is None


def test_a_summary_without_a_repair(tmp_path):
    text = fixing.summary(SimpleNamespace(), None, SimpleNamespace(), tmp_path / "a.py", in_place=False)
    assert text.endswith("a.py is written: today's spelling, the same training.")
