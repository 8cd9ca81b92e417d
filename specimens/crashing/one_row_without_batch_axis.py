"""One row by itself, where fit takes a table of rows."""
import keras
import numpy as np

rng = np.random.default_rng(0)
x = rng.normal(size=(8,)).astype("float32")
y = np.array([1.0])

model = keras.Sequential([
    keras.Input((8,)),
    keras.layers.Dense(16, activation="relu"),
    keras.layers.Dense(1, activation="sigmoid"),
])
model.compile("adam", "binary_crossentropy")
model.fit(x, y, epochs=20)
