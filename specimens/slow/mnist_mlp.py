# The classic classifier of hand-written digits, on made-up pictures of the same number and size.
# A whole training takes minutes. Within its first 200 updates every seed has begun to learn.
import keras
import numpy as np

rng = np.random.default_rng(0)
strokes = rng.random((10, 784), dtype="float32") < 0.2
digits = rng.integers(0, 10, 60000)
noise = rng.random((60000, 784), dtype="float32")
pictures = strokes[digits] * rng.random((60000, 784), dtype="float32") + 0.3 * noise
x_train = (255 * pictures / 1.3).astype("uint8").astype("float32")
y_train = keras.utils.to_categorical(digits, 10)
x_train /= 255

model = keras.Sequential([
    keras.Input((784,)),
    keras.layers.Dense(512, activation="relu"),
    keras.layers.Dropout(0.2),
    keras.layers.Dense(512, activation="relu"),
    keras.layers.Dropout(0.2),
    keras.layers.Dense(10, activation="softmax"),
])
model.compile(loss="categorical_crossentropy", optimizer=keras.optimizers.RMSprop(),
              metrics=["accuracy"])
model.fit(x_train, y_train, batch_size=128, epochs=20, verbose=0)
