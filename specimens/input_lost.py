# input-lost: a layer normalisation of a single number is always 0.
# As is 0 of 3 seeds learn; with “layer_normalization removed” 3.
import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(7)
x = rng.uniform(-3, 3, size=(400, 1)).astype("float32")
y = np.sin(x)

model = keras.Sequential([
    keras.Input((1,)),
    layers.LayerNormalization(),
    layers.Dense(64, activation="tanh"),
    layers.Dense(1),
])
model.compile(optimizer=keras.optimizers.Adam(0.01), loss="mse")
model.fit(x, y, batch_size=16, epochs=80, verbose=0)
print("loss", model.evaluate(x, y, verbose=0))
