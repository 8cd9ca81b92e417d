# XOR of signs, tanh from end to end, targets of -1 and 1.
# As is 3 of 3 seeds learn.
import keras
import numpy as np
from keras import layers

x = np.array([[-1, -1], [-1, 1], [1, -1], [1, 1]] * 50, dtype="float32")
y = -x[:, 0] * x[:, 1]

model = keras.Sequential([
    keras.Input((2,)),
    layers.Dense(16, activation="tanh"),
    layers.Dense(1, activation="tanh"),
])
model.compile(optimizer=keras.optimizers.Adam(0.02), loss="mse")
model.fit(x, y, batch_size=20, epochs=60, verbose=0)
print("loss", model.evaluate(x, y, verbose=0))
