# nan-in-data: one missing measurement makes every weight NaN.
# As is 0 of 3 seeds learn; with “rows with missing values left out” 3.
import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(7)
x = rng.normal(size=(400, 2)).astype("float32")
y = (np.hypot(x[:, 0], x[:, 1]) > 1.2).astype("float32")
x[123, 1] = np.nan

model = keras.Sequential([
    keras.Input((2,)),
    layers.Dense(32, activation="relu"),
    layers.Dense(1, activation="sigmoid"),
])
model.compile(optimizer=keras.optimizers.Adam(0.01), loss="binary_crossentropy")
model.fit(x, y, batch_size=32, epochs=60, verbose=0)
print("loss", model.evaluate(x[:100], y[:100], verbose=0))
