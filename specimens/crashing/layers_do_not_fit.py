"""Two layers that are added, of different widths."""
import keras
import numpy as np

rng = np.random.default_rng(0)
x = rng.normal(size=(64, 8)).astype("float32")
y = (x[:, 0] > 0).astype("float32")

inputs = keras.Input((8,))
hidden = keras.layers.Dense(16, activation="relu")(inputs)
added = keras.layers.Add()([inputs, hidden])
outputs = keras.layers.Dense(1, activation="sigmoid")(added)
model = keras.Model(inputs, outputs)
model.compile("adam", "binary_crossentropy")
model.fit(x, y, epochs=20)
