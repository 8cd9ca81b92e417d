# clipping-too-tight: steps of SGD are cut to a ten-thousandth.
# As is 0 of 3 seeds learn; with “no gradient clipping” 3.
import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(7)
x = rng.normal(size=(400, 2)).astype("float32")
y = (np.hypot(x[:, 0], x[:, 1]) > 1.2).astype("float32")

model = keras.Sequential([
    keras.Input((2,)),
    layers.Dense(32, activation="relu"),
    layers.Dense(1, activation="sigmoid"),
])
optimizer = keras.optimizers.SGD(0.1, momentum=0.9, clipnorm=0.0003)
model.compile(optimizer=optimizer, loss="binary_crossentropy")
model.fit(x, y, batch_size=16, epochs=60, verbose=0)
print("loss", model.evaluate(x, y, verbose=0))
