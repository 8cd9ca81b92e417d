# noisy-labels: a fifth of the labels was flipped.
# As is 3 of 3 seeds learn.
import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(7)
x = rng.normal(size=(600, 2)).astype("float32")
y = (x[:, 0] > x[:, 1]).astype("float32")
flipped = rng.uniform(size=600) < 0.2
y[flipped] = 1 - y[flipped]

model = keras.Sequential([
    keras.Input((2,)),
    layers.Dense(16, activation="relu"),
    layers.Dense(1, activation="sigmoid"),
])
model.compile(optimizer=keras.optimizers.Adam(0.01), loss="binary_crossentropy")
model.fit(x, y, batch_size=32, epochs=40, verbose=0)
print("loss", model.evaluate(x, y, verbose=0))
