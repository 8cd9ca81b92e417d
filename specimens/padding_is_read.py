# padding-is-read: short sentences, filled up with zeros behind, in front of a GRU.
# As is 0 of 6 seeds learn; with “padding masked” 6.
import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(2)
lengths = rng.integers(3, 9, size=400)
x = np.zeros((400, 60), dtype="int32")
for row, length in zip(x, lengths, strict=True):
    row[:length] = rng.integers(1, 21, size=length)
y = (x[:, :3] > 10).sum(axis=1) >= 2

model = keras.Sequential([
    keras.Input((60,)),
    layers.Embedding(21, 8),
    layers.GRU(12),
    layers.Dense(1, activation="sigmoid"),
])
model.compile(optimizer=keras.optimizers.Adam(0.01), loss="binary_crossentropy", metrics=["accuracy"])
model.fit(x, y, batch_size=16, epochs=12, verbose=0)
print("accuracy", model.evaluate(x, y, verbose=0)[1])
