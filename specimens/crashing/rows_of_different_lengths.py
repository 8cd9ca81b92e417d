"""Rows of different lengths, which numpy keeps as objects."""
import keras
import numpy as np

rng = np.random.default_rng(0)
x = np.empty(64, dtype=object)
x[:] = [rng.normal(size=rng.integers(3, 9)) for _ in range(64)]
y = np.array([row.mean() > 0 for row in x]).astype("float32")

model = keras.Sequential([
    keras.layers.Dense(16, activation="relu"),
    keras.layers.Dense(1, activation="sigmoid"),
])
model.compile("adam", "binary_crossentropy")
model.fit(x, y, epochs=20)
