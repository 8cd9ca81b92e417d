# embedding-out-of-range: words are numbered from 1 to 40, and the table has the rows 0 to 39.
# As is 0 of 3 seeds learn; with “embedding: embedding of 41 numbers” 3.
import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(7)
words = rng.integers(1, 41, size=(300, 6))
y = (words == 7).any(axis=1) | (words == 13).any(axis=1)

model = keras.Sequential([
    keras.Input((6,)),
    layers.Embedding(40, 4),
    layers.Flatten(),
    layers.Dense(16, activation="relu"),
    layers.Dense(1, activation="sigmoid"),
])
model.compile(optimizer=keras.optimizers.Adam(0.01), loss="binary_crossentropy")
model.fit(words, y, batch_size=16, epochs=40, verbose=0)
print("loss", model.evaluate(words, y, verbose=0))
