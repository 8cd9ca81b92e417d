"""Images without an axis for their channels."""
import keras
import numpy as np

rng = np.random.default_rng(0)
x = rng.normal(size=(64, 12, 12)).astype("float32")
y = (x.mean(axis=(1, 2)) > 0).astype("float32")

model = keras.Sequential([
    keras.layers.Conv2D(4, 3, activation="relu"),
    keras.layers.Flatten(),
    keras.layers.Dense(1, activation="sigmoid"),
])
model.compile("adam", "binary_crossentropy")
model.fit(x, y, epochs=20)
