"""Data that comes in batches: taped once, replayed as Keras would have taken it, or refused."""

from __future__ import annotations

import itertools

import keras
import numpy as np
import pytest

from recipes import Watched
from unstuck.base.errors import BadData, NotSupported
from unstuck.capture import capture_model, capture_script
from unstuck.capture.tape import tape
from unstuck.population.draws import epoch_orders
from unstuck.population.keras_engine.engine import KerasEngine
from unstuck.population.keras_engine.program import Program

rng = np.random.default_rng(0)
X = rng.normal(size=(40, 3)).astype("float32")
Y = rng.normal(size=(40, 2)).astype("float32")


def batches(rows, size=8):
    return [(X[rows[at : at + size]], Y[rows[at : at + size]]) for at in range(0, len(rows), size)]


def cycling():
    yield from itertools.cycle(batches(np.arange(36)))


def shuffling():
    mine = np.random.default_rng(1)
    while True:
        yield from batches(mine.permutation(40))


def streaming():
    mine = np.random.default_rng(2)
    while True:
        x = mine.normal(size=(8, 3)).astype("float32")
        yield x, x[:, :2] ** 2, np.linspace(0.5, 1.5, 8)


class Fixed(keras.utils.PyDataset):
    def __len__(self):
        return 5

    def __getitem__(self, index):
        return batches(np.arange(36))[index]


class Reordered(Fixed):
    def __init__(self):
        super().__init__()
        self.rows, self.mine, self.epochs = np.arange(40), np.random.default_rng(4), 0

    def __getitem__(self, index):
        return batches(self.rows)[index]

    def on_epoch_end(self):
        self.rows, self.epochs = self.mine.permutation(40), self.epochs + 1


class Tensor:
    """What a torch tensor is to numpy."""

    def __init__(self, array):
        self.array = array

    def detach(self):
        return self

    def cpu(self):
        return self.array


class DataLoader:
    """What a torch DataLoader is to a loop over it; torch itself is large."""

    def __iter__(self):
        return iter([[Tensor(x), Tensor(y)] for x, y in batches(np.arange(40))])


SOURCES = {
    "cycling": (cycling, 5, "fixed", 1, 36),
    "shuffling": (shuffling, 5, "rows", 1, 40),
    "streaming": (streaming, 3, "stream", 4, 96),
    "dataset": (Fixed, None, "whole", 1, 36),
    "reordered dataset": (Reordered, None, "rows", 1, 40),
    "loader": (DataLoader, None, "fixed", 1, 40),
}


@pytest.mark.parametrize("name", SOURCES)
def test_what_kind_of_source_it_is(name):
    source, steps, kind, epochs, rows = SOURCES[name]
    taped = tape(source(), steps=steps, epochs=4, shuffle=True)
    assert (taped.kind, taped.epochs, len(taped.x), taped.batch_size) == (kind, epochs, rows, 8)
    assert "was taped" in taped.note
    assert (taped.sample_weight is None) == (name != "streaming")


def raising():
    yield X[:8], Y[:8]
    raise OSError("disk gone")


def uneven():
    yield from (batches(np.arange(8)) + batches(np.arange(5)) + batches(np.arange(8))) * 4


def growing():
    yield from ((np.zeros((2, steps, 3)), np.zeros((2, 1))) for steps in range(3, 9))


def crossing():
    while True:
        yield from batches(np.arange(36))


def augmenting():
    mine = np.random.default_rng(5)
    while True:
        for x, y in batches(np.arange(36)):
            yield x + mine.normal(size=x.shape), y


def reordering():
    mine = np.random.default_rng(6)
    while True:
        yield from batches(mine.permutation(36))


CROSSING = {
    "fixed": (crossing, 1, 36), "rows": (reordering, 1, 36), "stream": (augmenting, 8, 288)}


@pytest.mark.parametrize("name", CROSSING)
def test_epochs_that_end_within_a_pass_of_the_source(name):
    source, epochs, rows = CROSSING[name]
    taped = tape(source(), steps=4, epochs=10, shuffle=False)  # a pass has 5 batches, the last of 4
    assert (taped.kind, taped.epochs, len(taped.x), taped.passes) == (name, epochs, rows, 8)
    assert "Your 10 epochs of 4 batches end in the middle of its passes of 5" in taped.note
    first = [next(iter(source()))[0]] if name == "stream" else []
    assert all((taped.x[:8] == x).all() for x in first)


REFUSED = {
    "raising": (raising, 3, BadData, "raised OSError after 1 batches: disk gone"),
    "ran out": (lambda: iter(()) or (b for b in batches(np.arange(16))), 3, BadData, "takes 3"),
    "once only": (lambda: (b for b in batches(np.arange(16))), None, NotSupported, "steps_per_epoch"),
    "rows of other shapes": (growing, 2, NotSupported, "(3, 3) and (4, 3)"),
    "uneven": (uneven, 3, NotSupported, "unequal sizes (8, 5, 8"),
    "no targets": (lambda: ((X[:8],) for _ in range(9)), 2, NotSupported, "no targets"),
    "four things": (lambda: ((X, X, X, X) for _ in range(9)), 2, BadData, "not 4 things"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_taped_is_refused(name):
    source, steps, error, words = REFUSED[name]
    with pytest.raises(error) as raised:
        tape(source(), steps=steps, epochs=3, shuffle=True)
    assert words in str(raised.value)


def test_of_epochs_that_are_new_each_time_those_are_taped_for_which_there_is_room():
    whole = tape(streaming(), steps=3, epochs=9, shuffle=False)
    each = sum(part.nbytes for part in (whole.x, whole.y, whole.sample_weight)) // 9
    taped = tape(streaming(), steps=3, epochs=9, shuffle=False, most_bytes=8 * each)
    assert (taped.kind, taped.epochs, whole.epochs) == ("stream", 2, 9)
    np.testing.assert_array_equal(taped.x, whole.x[: len(taped.x)])
    assert len(taped.x) == 2 * len(whole.x) // 9 and "room for 2 of your 9 epochs" in taped.note
    assert "room" not in whole.note
    assert tape(streaming(), steps=3, epochs=5, shuffle=False, most_bytes=1).epochs == 1


def test_a_short_batch_that_is_shuffled_among_the_others_comes_last(write):
    recipe = capture_script(write("""
        import numpy as np
        import tensorflow as tf
        x = np.arange(22, dtype="float32")[:, None]
        rows = tf.data.Dataset.from_tensor_slices((x, x)).batch(4).shuffle(6, seed=5)
        model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
        model.compile("sgd", "mse")
        model.fit(rows, epochs=3)""")).recipe
    assert (recipe.batch_size, recipe.epochs, recipe.updates) == (4, 3, 18)
    assert sorted(recipe.train.x[:, 0]) == list(range(22)) and set(recipe.x[-2:, 0]) == {20, 21}


def test_of_an_epoch_without_room_the_first_batches_are_trained_on_as_often():
    one = next(streaming())
    room = 2 * sum(np.asarray(part, "float64").nbytes for part in one)
    taped = tape(streaming(), steps=6, epochs=4, shuffle=False, most_of_an_epoch=room)
    batches = len(taped.x) // 8
    assert 1 <= batches < 6 and taped.passes == round(6 * 4 / batches)
    assert f"the first {batches} were taped" in taped.note and taped.kind == "fixed"
    assert next(taped.again)[0].shape == (8, 3)
    dataset = tape(Fixed(), steps=None, epochs=2, shuffle=False, most_of_an_epoch=400)
    assert (len(dataset.x), dataset.passes) == (16, 5)


FITS = {
    "cycling": lambda: {"x": cycling(), "steps_per_epoch": 5, "epochs": 10},
    "streaming": lambda: {"x": streaming(), "steps_per_epoch": 5, "epochs": 10},
    "dataset": lambda: {"x": Fixed(), "epochs": 10, "shuffle": False},
    "once": lambda: {"x": (b for b in batches(np.arange(40)) * 10), "epochs": 1},
    "parts of arrays": lambda: {"x": X, "y": Y, "steps_per_epoch": 2, "epochs": 25,
                                "shuffle": False, "batch_size": 5},
    "steps give the batch size": lambda: {"x": X, "y": Y, "steps_per_epoch": 5, "epochs": 10,
                                          "shuffle": False},
    "validation in batches": lambda: {
        "x": X, "y": Y, "epochs": 10, "batch_size": 8, "shuffle": False,
        "validation_data": Fixed(), "validation_steps": 3},
    "validation steps": lambda: {
        "x": X, "y": Y, "epochs": 10, "batch_size": 8, "shuffle": False,
        "validation_data": (X[::-1], Y), "validation_steps": 3, "validation_batch_size": 4},
}


@pytest.mark.filterwarnings("ignore:`shuffle=True` was passed:UserWarning",
                            "ignore:Your input ran out of data:UserWarning")
@pytest.mark.parametrize("name", FITS)
def test_replicas_replay_what_keras_takes(name):
    keras.utils.set_random_seed(3)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(6, activation="tanh"),
                              keras.layers.Dense(2)])
    model.compile(keras.optimizers.Adam(0.02), "mse")
    recipe = capture_model(model, **FITS[name]()).recipe
    paths = Program(recipe).paths
    start = {path: np.stack([0.1 * np.array(v.value), np.array(v.value)])
             for path, v in zip(paths, model.trainable_variables, strict=True)}
    history = model.fit(**FITS[name](), verbose=0).history
    population = KerasEngine(strategy="vmap").train(
        recipe, [1, 2], Watched(X), probes=False, keep_weights=True, start=start)
    close = {"rtol": 1e-5, "atol": 1e-5}
    assert recipe.updates == 50
    np.testing.assert_allclose(population.loss[1], history["loss"], **close)
    if "val_loss" in history:
        np.testing.assert_allclose(population.val_loss[1], history["val_loss"], **close)
    for path, variable in zip(paths, model.trainable_variables, strict=True):
        np.testing.assert_allclose(
            population.weights[path][1], np.array(variable.value), **close, err_msg=path)


def small(epochs, **fit):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    model.compile("sgd", "mse")
    return capture_model(model, epochs=epochs, **fit).recipe


def test_the_orders_of_epochs():
    whole = small(4, x=Fixed())
    order = epoch_orders(whole, [1, 2], range(3))
    assert order.shape == (2, 3, 36)
    firsts = order[..., :32:8] // 8
    assert (np.sort(firsts, axis=-1) == np.arange(4)).all()
    assert (order[..., 32:] == np.arange(32, 36)).all()
    assert len({tuple(row) for row in firsts.reshape(-1, 4)}) > 2
    assert (order[..., :32].reshape(2, 3, 4, 8) % 8 == np.arange(8)).all()
    part = small(4, x=X, y=Y, steps_per_epoch=2, batch_size=5)
    order = epoch_orders(part, [1], range(8))
    assert order.shape == (1, 8, 10)
    assert (np.sort(order[0].reshape(2, 40)) == np.arange(40)).all()
    stream = small(3, x=streaming(), steps_per_epoch=2)
    assert (epoch_orders(stream, [1], range(4))[0, :, 0] == [0, 16, 32, 0]).all()


STREAMED = """$DATA
keras.utils.set_random_seed(1)
def stream():
    for number in range(10**9):
        yield x[:8] + number, x[:8] * number
model = keras.Sequential([keras.Input((2,)), layers.Dense(2)])
model.compile(keras.optimizers.SGD(0.0001), "mse")
history = model.fit(stream(), steps_per_epoch=4, epochs=3, verbose=0, shuffle=False)
with open(__file__ + ".losses", "w") as file:
    file.write(repr(history.history["loss"]))
"""


def test_the_users_own_training_takes_the_same_batches(write):
    mine = Reordered()
    small(3, x=mine)
    assert mine.epochs == 0
    path = write(STREAMED)
    exec(compile(path.read_text(), str(path), "exec"), {"__file__": f"{path}.alone"})
    assert capture_script(path, through=True).recipe.x.shape == (96, 2)
    losses, alone = (path.with_name(f"train.py{end}.losses") for end in ("", ".alone"))
    assert losses.read_text() == alone.read_text()
