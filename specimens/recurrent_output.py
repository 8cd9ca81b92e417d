# recurrent-output: waves are to be unfolded again by a layer that has one number to do it with.
# As is 0 of 6 seeds learn; with “lstm_1: 32 units with a dense output behind” 6.
import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(1)
phase = rng.uniform(0, 2 * np.pi, size=(256, 1, 1))
x = 0.6 * np.sin(2 * np.pi * np.arange(8).reshape(1, 8, 1) / 8 + phase)

model = keras.Sequential([
    keras.Input((8, 1)),
    layers.LSTM(16),
    layers.RepeatVector(8),
    layers.LSTM(1, return_sequences=True),
])
model.compile(optimizer=keras.optimizers.Adam(0.01), loss="mse")
model.fit(x, x, batch_size=16, epochs=30, verbose=0)
print("loss", model.evaluate(x, x, verbose=0))
