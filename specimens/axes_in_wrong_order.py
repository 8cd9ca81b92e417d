# axes-in-wrong-order: two channels of 24 steps come as (2, 24), and Keras reads (steps, channels).
# As is 0 of 3 seeds learn; with “axes of the input permuted to (2, 1)” 3.
import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(7)
y = np.arange(300) % 2
first = rng.normal(size=(300, 24))
second = np.where(y[:, None] == 1, first, -first)
x = np.stack([first, second], axis=1)

model = keras.Sequential([
    keras.Input((2, 24)),
    layers.Conv1D(8, 1, activation="relu"),
    layers.GlobalAveragePooling1D(),
    layers.Dense(1, activation="sigmoid"),
])
model.compile(optimizer=keras.optimizers.Adam(0.01), loss="binary_crossentropy")
model.fit(x, y, batch_size=16, epochs=40, validation_split=0.5, verbose=0)
print("loss", model.evaluate(x, y, verbose=0))
