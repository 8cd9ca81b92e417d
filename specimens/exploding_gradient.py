# exploding-gradient: the first gradient of SGD on prices is in the hundred thousands.
# MEASURED
import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(7)
rooms = rng.normal(size=(300, 3)).astype("float32")
price = 300_000 + rooms @ [90_000.0, 40_000.0, 25_000.0]

model = keras.Sequential([
    keras.Input((3,)),
    layers.Dense(16, activation="relu"),
    layers.Dense(1),
])
model.compile(optimizer=keras.optimizers.SGD(0.05), loss="mse")
model.fit(rooms, price, batch_size=32, epochs=60, verbose=0)
print("loss", model.evaluate(rooms, price, verbose=0))
