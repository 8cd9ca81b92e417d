"""A network with two outputs, and targets for one."""
import keras
import numpy as np

rng = np.random.default_rng(0)
x = rng.normal(size=(64, 8)).astype("float32")
y = (x[:, 0] > 0).astype("float32")

inputs = keras.Input((8,))
hidden = keras.layers.Dense(16, activation="relu")(inputs)
sign = keras.layers.Dense(1, activation="sigmoid", name="sign")(hidden)
size = keras.layers.Dense(1, name="size")(hidden)
model = keras.Model(inputs, [sign, size])
model.compile("adam", ["binary_crossentropy", "mse"])
model.fit(x, y, epochs=20)
