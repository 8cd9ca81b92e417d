# relu-before-addition: three blocks that can only add, never take away.
# As is 0 of 3 seeds learn; with “branch activations → linear” 3.
import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(7)
x = rng.normal(size=(400, 4)).astype("float32")
y = x + 0.5 * np.roll(x, 1, axis=1) ** 2 - 1.0

inputs = keras.Input((4,))
h = inputs
for _ in range(3):
    branch = layers.Dense(16, activation="relu")(h)
    branch = layers.Dense(4, activation="relu")(branch)
    h = layers.Add()([h, branch])
model = keras.Model(inputs, h)
model.compile(optimizer=keras.optimizers.Adam(0.01), loss="mse")
model.fit(x, y, batch_size=32, epochs=60, verbose=0)
print("loss", model.evaluate(x, y, verbose=0))
