# Words with good and bad among them, embedded and averaged.
# As is 3 of 3 seeds learn.
import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(3)
x = rng.integers(0, 30, size=(300, 8))
y = ((x < 10).sum(axis=1) > (x >= 20).sum(axis=1)).astype("float32")

model = keras.Sequential([
    keras.Input((8,), dtype="int32"),
    layers.Embedding(30, 4),
    layers.GlobalAveragePooling1D(),
    layers.Dense(1, activation="sigmoid"),
])
model.compile(optimizer=keras.optimizers.Adam(0.05), loss="binary_crossentropy")
model.fit(x, y, batch_size=16, epochs=30, verbose=0)
print("loss", model.evaluate(x, y, verbose=0))
