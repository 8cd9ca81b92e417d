# normalization-not-adapted: nobody called adapt, so metres and euros come in as they are.
# As is 0 of 3 seeds learn; with “normalization: adapted to the data” 3.
import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(7)
z = rng.normal(size=(400, 2))
x = z * [30, 20000] + [100, 50000]
y = (np.hypot(z[:, 0], z[:, 1]) > 1.2).astype("float32")

model = keras.Sequential([
    keras.Input((2,)),
    layers.Normalization(),
    layers.Dense(32, activation="relu"),
    layers.Dense(1, activation="sigmoid"),
])
model.compile(optimizer=keras.optimizers.Adam(0.01), loss="binary_crossentropy")
model.fit(x, y, batch_size=16, epochs=60, verbose=0)
print("loss", model.evaluate(x, y, verbose=0))
