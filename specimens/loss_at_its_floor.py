# loss-at-its-floor: nothing: the loss stays above 0.5 since the targets are shares, not labels.
# As is 3 of 3 seeds learn.
import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(7)
x = rng.normal(size=(400, 2)).astype("float32")
share = 1.0 / (1.0 + np.exp(-(x[:, 0] - 0.5 * x[:, 1])))

model = keras.Sequential([
    keras.Input((2,)),
    layers.Dense(16, activation="relu"),
    layers.Dense(1, activation="sigmoid"),
])
model.compile(optimizer=keras.optimizers.Adam(0.01), loss="binary_crossentropy")
model.fit(x, share, batch_size=16, epochs=40, verbose=0)
print("loss", model.evaluate(x, share, verbose=0))
