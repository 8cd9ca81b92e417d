# batch-norm-lags: after 28 updates the running statistics are far from those of the batches.
# As is 1 of 3 seeds learn; with “batch normalisation's momentum → 0.9” 3.
import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(7)
x = 20 + 5 * rng.normal(size=(400, 2)).astype("float32")
y = (x[:, 0] > x[:, 1]).astype("float32")

model = keras.Sequential([
    keras.Input((2,)),
    layers.BatchNormalization(),
    layers.Dense(16, activation="relu"),
    layers.Dense(1, activation="sigmoid"),
])
model.compile(optimizer=keras.optimizers.Adam(0.02), loss="binary_crossentropy")
model.fit(x, y, batch_size=64, epochs=4, verbose=0)
print("loss", model.evaluate(x, y, verbose=0))
