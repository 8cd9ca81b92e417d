# missing-written-as-number: a sensor writes -999 where it has no reading.
# As is 1 of 3 seeds learn; with “-999 as missing: the median there” 3.
import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(7)
x = rng.uniform(0, 1, size=(500, 3))
y = ((x[:, 0] > 0.5) == (x[:, 1] > 0.5)).astype("float32")
x[rng.random(x.shape) < 0.06] = -999.0

model = keras.Sequential([
    keras.Input((3,)),
    layers.Dense(16, activation="relu"),
    layers.Dense(1, activation="sigmoid"),
])
model.compile(optimizer=keras.optimizers.Adam(0.01), loss="binary_crossentropy")
model.fit(x, y, batch_size=32, epochs=60, verbose=0)
print("loss", model.evaluate(x, y, verbose=0))
