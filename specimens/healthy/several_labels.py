# Three labels that do not exclude each other: a sigmoid each.
# As is 3 of 3 seeds learn.
import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(3)
x = rng.normal(size=(400, 3)).astype("float32")
y = np.stack([x[:, 0] > 0, x[:, 1] > x[:, 2], x.sum(axis=1) > 0], axis=1).astype("float32")

model = keras.Sequential([
    keras.Input((3,)),
    layers.Dense(32, activation="relu"),
    layers.Dense(3, activation="sigmoid"),
])
model.compile(optimizer=keras.optimizers.Adam(0.01), loss="binary_crossentropy")
model.fit(x, y, batch_size=16, epochs=40, verbose=0)
print("loss", model.evaluate(x, y, verbose=0))
