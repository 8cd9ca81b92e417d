# carried-over-weights: "reset" to zeros before fit, so that all hidden units stay alike.
# As is 0 of 3 seeds learn; with “weights drawn anew” 3.
import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(7)
x = rng.normal(size=(400, 2)).astype("float32")
y = (x[:, 0] * x[:, 1] > 0).astype("float32")

model = keras.Sequential([
    keras.Input((2,)),
    layers.Dense(32, activation="relu"),
    layers.Dense(1, activation="sigmoid"),
])
model.compile(optimizer=keras.optimizers.Adam(0.01), loss="binary_crossentropy")
model.set_weights([0 * weight for weight in model.get_weights()])
model.fit(x, y, batch_size=32, epochs=60, verbose=0)
print("loss", model.evaluate(x, y, verbose=0))
