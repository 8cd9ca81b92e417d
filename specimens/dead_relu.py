# dead-relu: in deep, narrow ReLU layers whole layers are dead from the draw on.
# As is 1 of 6 seeds learn; with “hidden activations → leaky_relu” 6.
import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(7)
x = rng.normal(size=(400, 3)).astype("float32")
y = (x @ [1.0, -2.0, 1.5] > 0).astype("float32")

model = keras.Sequential([
    keras.Input((3,)),
    layers.Dense(2, activation="relu"),
    layers.Dense(2, activation="relu"),
    layers.Dense(2, activation="relu"),
    layers.Dense(2, activation="relu"),
    layers.Dense(2, activation="relu"),
    layers.Dense(2, activation="relu"),
    layers.Dense(1, activation="sigmoid"),
])
model.compile(optimizer=keras.optimizers.Adam(0.005), loss="binary_crossentropy")
model.fit(x, y, batch_size=16, epochs=60, verbose=0)
print("loss", model.evaluate(x, y, verbose=0))
