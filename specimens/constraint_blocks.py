# constraint-blocks: weights that may not be negative cannot take one input from the other.
# As is 0 of 3 seeds learn; with “no constraint on weights” 3.
import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(7)
x = rng.normal(size=(400, 2)).astype("float32")
y = (x[:, 0] > x[:, 1]).astype("float32")

model = keras.Sequential([
    keras.Input((2,)),
    layers.Dense(16, activation="relu", kernel_constraint="non_neg"),
    layers.Dense(1, activation="sigmoid", kernel_constraint="non_neg"),
])
model.compile(optimizer=keras.optimizers.Adam(0.01), loss="binary_crossentropy")
model.fit(x, y, batch_size=16, epochs=30, verbose=0)
print("loss", model.evaluate(x, y, verbose=0))
