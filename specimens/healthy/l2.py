# A small penalty on the weights.
# As is 3 of 3 seeds learn.
import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(3)
x = rng.normal(size=(400, 2)).astype("float32")
y = (np.hypot(x[:, 0], x[:, 1]) > 1.2).astype("float32")

small = keras.regularizers.L2(1e-4)
model = keras.Sequential([
    keras.Input((2,)),
    layers.Dense(32, activation="relu", kernel_regularizer=small),
    layers.Dense(1, activation="sigmoid", kernel_regularizer=small),
])
model.compile(optimizer=keras.optimizers.Adam(0.01), loss="binary_crossentropy")
model.fit(x, y, batch_size=16, epochs=60, verbose=0)
print("loss", model.evaluate(x, y, verbose=0))
