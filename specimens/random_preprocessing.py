# random-preprocessing: noise four times as strong as the inputs.
# As is 0 of 3 seeds learn; with “gaussian_noise removed” 3.
import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(7)
x = 0.2 * rng.normal(size=(400, 2)).astype("float32")
y = (np.hypot(x[:, 0], x[:, 1]) > 0.24).astype("float32")

model = keras.Sequential([
    keras.Input((2,)),
    layers.GaussianNoise(0.8),
    layers.Dense(32, activation="relu"),
    layers.Dense(1, activation="sigmoid"),
])
model.compile(optimizer=keras.optimizers.Adam(0.01), loss="binary_crossentropy")
model.fit(x, y, batch_size=16, epochs=40, verbose=0)
print("loss", model.evaluate(x, y, verbose=0))
