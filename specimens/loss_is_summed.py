# loss-is-summed: summed over 64 rows, the loss throws SGD off the curve.
# As is 0 of 3 seeds learn; with “loss averaged over the batch, not summed” 3.
import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(7)
x = rng.uniform(-3, 3, size=(512, 1)).astype("float32")
y = np.sin(x)

loss = keras.losses.MeanSquaredError(reduction="sum")
model = keras.Sequential([
    keras.Input((1,)),
    layers.Dense(64, activation="tanh"),
    layers.Dense(1),
])
model.compile(optimizer=keras.optimizers.SGD(0.1), loss=loss)
model.fit(x, y, batch_size=64, epochs=300, verbose=0)
print("loss", model.evaluate(x, y, verbose=0))
