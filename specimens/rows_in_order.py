# rows-in-order: sorted by x, and the split cuts the right part of the curve away.
# As is 0 of 3 seeds learn; with “rows shuffled before validation_split” 3.
import keras
import numpy as np
from keras import layers

x = np.linspace(-4, 4, 400, dtype="float32")[:, None]
y = np.sin(x)

model = keras.Sequential([
    keras.Input((1,)),
    layers.Dense(64, activation="tanh"),
    layers.Dense(1),
])
model.compile(optimizer=keras.optimizers.Adam(0.01), loss="mse")
model.fit(x, y, batch_size=16, epochs=80, validation_split=0.4, verbose=0)
print("loss", model.evaluate(x, y, verbose=0))
