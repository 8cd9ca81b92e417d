# A loss of one's own: squared error, three times as much for answers that are too low.
# As is 3 of 3 seeds learn.
import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(3)
x = rng.uniform(-3, 3, size=(400, 1)).astype("float32")
y = np.sin(x)


def costly_below(y_true, y_pred):
    error = y_true - y_pred
    return keras.ops.mean(keras.ops.where(error > 0, 3.0, 1.0) * error**2, axis=-1)


model = keras.Sequential([
    keras.Input((1,)),
    layers.Dense(64, activation="tanh"),
    layers.Dense(1),
])
model.compile(optimizer=keras.optimizers.Adam(0.01), loss=costly_below)
model.fit(x, y, batch_size=16, epochs=60, verbose=0)
print("loss", model.evaluate(x, y, verbose=0))
