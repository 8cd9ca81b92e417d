# schedule-too-fast: decay_steps counts updates, so that 0.01 is over after four epochs of a hundred.
# As is 0 of 3 seeds learn; with “no schedule, learning rate 0.01” 3.
import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(7)
x = rng.normal(size=(400, 2)).astype("float32")
y = (x[:, 0] * x[:, 1] > 0).astype("float32")

model = keras.Sequential([
    keras.Input((2,)),
    layers.Dense(32, activation="relu"),
    layers.Dense(1, activation="sigmoid"),
])
rate = keras.optimizers.schedules.ExponentialDecay(0.01, decay_steps=10, decay_rate=0.5)
model.compile(optimizer=keras.optimizers.Adam(rate), loss="binary_crossentropy")
model.fit(x, y, batch_size=16, epochs=100, verbose=0)
print("loss", model.evaluate(x, y, verbose=0))
