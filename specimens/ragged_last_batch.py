# ragged-last-batch: 257 rows in batches of 32, and the row left over sets the running statistics.
# As is 1 of 3 seeds learn; with “batch normalisation's momentum → 0.99” 3.
import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(7)
x = rng.normal(size=(257, 2)).astype("float32")
y = (x[:, 0] > x[:, 1]).astype("float32")

model = keras.Sequential([
    keras.Input((2,)),
    layers.Dense(16, activation="relu"),
    layers.BatchNormalization(momentum=0.1),
    layers.Dense(1, activation="sigmoid"),
])
model.compile(optimizer=keras.optimizers.Adam(0.01), loss="binary_crossentropy")
model.fit(x, y, batch_size=32, epochs=30, verbose=0)
print("loss", model.evaluate(x, y, verbose=0))
