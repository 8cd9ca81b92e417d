# contradicting-rows: half of what decides was left out, so that like rows have unlike answers.
# As is 3 of 3 seeds learn.
import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(7)
all_columns = rng.integers(0, 3, size=(400, 6))
y = (all_columns.sum(axis=1) > 6).astype("float32")
x = all_columns[:, :3]

model = keras.Sequential([
    keras.Input((3,)),
    layers.Dense(16, activation="relu"),
    layers.Dense(1, activation="sigmoid"),
])
model.compile(optimizer=keras.optimizers.Adam(0.01), loss="binary_crossentropy")
model.fit(x, y, batch_size=16, epochs=60, verbose=0)
print("loss", model.evaluate(x, y, verbose=0))
