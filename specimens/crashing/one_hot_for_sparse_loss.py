"""Labels in one-hot form, and the loss that takes numbers of classes."""
import keras
import numpy as np

rng = np.random.default_rng(0)
x = rng.normal(size=(64, 8)).astype("float32")
y = keras.utils.to_categorical(np.argmax(x[:, :3], axis=1), 3)

model = keras.Sequential([
    keras.layers.Dense(16, activation="relu"),
    keras.layers.Dense(3, activation="softmax"),
])
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(x, y, epochs=20)
