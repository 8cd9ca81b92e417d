# One body, two heads: a class and a number, each with its own loss.
# As is 3 of 3 seeds learn.
import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(3)
x = rng.uniform(-2, 2, size=(400, 2)).astype("float32")
inside, height = (np.hypot(x[:, 0], x[:, 1]) < 1.5).astype("float32"), np.sin(x[:, 0])

inputs = keras.Input((2,))
hidden = layers.Dense(32, activation="tanh")(inputs)
model = keras.Model(inputs, [
    layers.Dense(1, activation="sigmoid", name="inside")(hidden),
    layers.Dense(1, name="height")(hidden),
])
model.compile(optimizer=keras.optimizers.Adam(0.02), loss=["binary_crossentropy", "mse"])
model.fit(x, [inside, height], batch_size=16, epochs=60, verbose=0)
print("loss", model.evaluate(x, [inside, height], verbose=0))
