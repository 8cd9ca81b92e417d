# Counts with a logarithmic link: exponential output, Poisson loss.
# As is 3 of 3 seeds learn.
import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(3)
x = rng.normal(size=(500, 2)).astype("float32")
y = rng.poisson(np.exp(1.5 + 0.8 * x[:, 0] - 0.5 * x[:, 1])).astype("float32")

model = keras.Sequential([
    keras.Input((2,)),
    layers.Dense(1, activation="exponential"),
])
model.compile(optimizer=keras.optimizers.Adam(0.02), loss="poisson")
model.fit(x, y, batch_size=16, epochs=40, verbose=0)
print("loss", model.evaluate(x, y, verbose=0))
