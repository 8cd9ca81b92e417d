# The simple convolutional classifier of hand-written digits, on as many made-up pictures of that size.
# A whole training takes minutes. Within its first updates every seed has begun to learn.
import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(0)
strokes = np.kron(rng.random((10, 7, 7)) < 0.35, np.ones((4, 4))).astype("float32")
digits = rng.integers(0, 10, 60000)
noise = rng.random((60000, 28, 28), dtype="float32")
pictures = strokes[digits] * (0.5 + 0.5 * noise) + 0.3 * rng.random((60000, 28, 28), dtype="float32")
x_train = np.expand_dims((255 * pictures / 1.3).astype("uint8").astype("float32") / 255, -1)
y_train = keras.utils.to_categorical(digits, 10)

model = keras.Sequential([
    keras.Input(shape=(28, 28, 1)),
    layers.Conv2D(32, kernel_size=(3, 3), activation="relu"),
    layers.MaxPooling2D(pool_size=(2, 2)),
    layers.Conv2D(64, kernel_size=(3, 3), activation="relu"),
    layers.MaxPooling2D(pool_size=(2, 2)),
    layers.Flatten(),
    layers.Dropout(0.5),
    layers.Dense(10, activation="softmax"),
])
model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
model.fit(x_train, y_train, batch_size=128, epochs=15, validation_split=0.1, verbose=0)
