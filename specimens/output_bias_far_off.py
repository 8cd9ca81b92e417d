# output-bias-far-off: the output starts at 0, and heights in centimetres are around 170.
# As is 0 of 3 seeds learn; with “dense_1: bias starts at 170” 3.
import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(7)
x = rng.normal(size=(400, 3)).astype("float32")
y = 170 + 8 * x[:, 0] - 5 * x[:, 1] * x[:, 2]

model = keras.Sequential([
    keras.Input((3,)),
    layers.Dense(32, activation="relu"),
    layers.Dense(1),
])
model.compile(optimizer=keras.optimizers.Adam(0.01), loss="mse")
model.fit(x, y, batch_size=16, epochs=25, verbose=0)
print("loss", model.evaluate(x, y, verbose=0))
