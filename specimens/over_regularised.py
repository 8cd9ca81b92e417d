# over-regularised: an L2 factor of 0.5 costs more than the task is worth.
# As is 0 of 3 seeds learn; with “no regularisers” 3.
import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(7)
x = rng.normal(size=(400, 2)).astype("float32")
y = (np.hypot(x[:, 0], x[:, 1]) > 1.2).astype("float32")

penalty = keras.regularizers.L2(0.5)
model = keras.Sequential([
    keras.Input((2,)),
    layers.Dense(32, activation="relu", kernel_regularizer=penalty),
    layers.Dense(1, activation="sigmoid", kernel_regularizer=penalty),
])
model.compile(optimizer=keras.optimizers.Adam(0.01), loss="binary_crossentropy")
model.fit(x, y, batch_size=32, epochs=60, verbose=0)
print("loss", model.evaluate(x, y, verbose=0))
