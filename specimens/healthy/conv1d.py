# A convolution over time finds which of two waves it is.
# As is 3 of 3 seeds learn.
import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(3)
y = np.arange(200) % 2
start = rng.uniform(0, 2 * np.pi, size=(200, 1))
x = np.sin(start + np.where(y[:, None] == 1, 0.4, 1.2) * np.arange(24))[:, :, None]
x += 0.1 * rng.normal(size=x.shape)

model = keras.Sequential([
    keras.Input((24, 1)),
    layers.Conv1D(16, 5, activation="relu"),
    layers.GlobalAveragePooling1D(),
    layers.Dense(1, activation="sigmoid"),
])
model.compile(optimizer=keras.optimizers.Adam(0.01), loss="binary_crossentropy")
model.fit(x, y, batch_size=16, epochs=25, verbose=0)
print("loss", model.evaluate(x, y, verbose=0))
