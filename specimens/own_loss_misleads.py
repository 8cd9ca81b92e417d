# own-loss-misleads: a likeness is returned as it is, so that training makes it small.
# As is 0 of 3 seeds learn; with “loss → mean_squared_error” 3.
import keras
import numpy as np
from keras import layers, ops

rng = np.random.default_rng(7)
x = rng.normal(size=(400, 2)).astype("float32")
y = np.where(np.hypot(x[:, 0], x[:, 1]) > 1.2, 1.0, -1.0)


def likeness(y_true, y_pred):
    return ops.mean(y_true * y_pred, axis=-1)


model = keras.Sequential([
    keras.Input((2,)),
    layers.Dense(32, activation="relu"),
    layers.Dense(1, activation="tanh"),
])
model.compile(optimizer=keras.optimizers.Adam(0.01), loss=likeness)
model.fit(x, y, batch_size=16, epochs=40, verbose=0)
print("loss", model.evaluate(x, y, verbose=0))
