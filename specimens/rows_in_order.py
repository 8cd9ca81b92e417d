# rows-in-order: sorted by x, the last third is another part of the curve.
# MEASURED
import keras
import numpy as np
from keras import layers

x = np.linspace(0, 3, 300, dtype="float32")[:, None]
y = np.where(x < 2, 0.2 * x, 3.0 - x)

model = keras.Sequential([
    keras.Input((1,)),
    layers.Dense(64, activation="tanh"),
    layers.Dense(1),
])
model.compile(optimizer=keras.optimizers.Adam(0.01), loss="mse")
model.fit(x, y, batch_size=16, epochs=80, validation_split=0.3, verbose=0)
print("loss", model.evaluate(x, y, verbose=0))
