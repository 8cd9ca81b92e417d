# Two inputs, joined, say which is larger.
# As is 3 of 3 seeds learn.
import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(3)
left, right = rng.normal(size=(300, 3)), rng.normal(size=(300, 3))
y = (left.sum(axis=1) > right.sum(axis=1)).astype("float32")

first, second = keras.Input((3,)), keras.Input((3,))
joined = layers.Concatenate()([first, second])
hidden = layers.Dense(16, activation="relu")(joined)
model = keras.Model([first, second], layers.Dense(1, activation="sigmoid")(hidden))
model.compile(optimizer=keras.optimizers.Adam(0.01), loss="binary_crossentropy")
model.fit([left, right], y, batch_size=16, epochs=30, verbose=0)
print("loss", model.evaluate([left, right], y, verbose=0))
