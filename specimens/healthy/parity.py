# Parity of three bits.
# As is 3 of 3 seeds learn.
import keras
import numpy as np
from keras import layers

bits = np.array([[a, b, c] for a in (0, 1) for b in (0, 1) for c in (0, 1)], dtype="float32")
x = np.tile(bits, (25, 1))
y = x.sum(axis=1) % 2

model = keras.Sequential([
    keras.Input((3,)),
    layers.Dense(32, activation="tanh"),
    layers.Dense(1, activation="sigmoid"),
])
model.compile(optimizer=keras.optimizers.Adam(0.02), loss="binary_crossentropy")
model.fit(x, y, batch_size=20, epochs=80, verbose=0)
print("loss", model.evaluate(x, y, verbose=0))
