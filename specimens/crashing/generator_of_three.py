"""A generator that gives two inputs and the targets side by side, as (x, y, weights) are given."""
import keras
import numpy as np

rng = np.random.default_rng(0)
x = rng.normal(size=(64, 8)).astype("float32")
y = (x[:, 0] > 0).astype("float32")


def batches():
    while True:
        for start in range(0, 64, 16):
            rows = slice(start, start + 16)
            yield x[rows, :4], x[rows, 4:], y[rows]


left, right = keras.Input((4,)), keras.Input((4,))
both = keras.layers.Concatenate()([left, right])
hidden = keras.layers.Dense(16, activation="relu")(both)
model = keras.Model([left, right], keras.layers.Dense(1, activation="sigmoid")(hidden))
model.compile("adam", "binary_crossentropy")
model.fit(batches(), steps_per_epoch=4, epochs=20)
