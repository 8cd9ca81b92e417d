# learning-rate-too-low: at a rate of 0.00001, 1,300 updates lead nowhere.
# As is 0 of 3 seeds learn; with “learning rate 1e-05 → 0.001” 3.
import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(7)
x = rng.normal(size=(400, 2)).astype("float32")
y = (np.hypot(x[:, 0], x[:, 1]) > 1.2).astype("float32")

model = keras.Sequential([
    keras.Input((2,)),
    layers.Dense(32, activation="relu"),
    layers.Dense(1, activation="sigmoid"),
])
model.compile(optimizer=keras.optimizers.Adam(0.00001), loss="binary_crossentropy")
model.fit(x, y, batch_size=32, epochs=100, verbose=0)
print("loss", model.evaluate(x, y, verbose=0))
