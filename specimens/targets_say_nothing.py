# targets-say-nothing: the inputs were shuffled, the labels were not.
# As is 0 of 3 seeds learn.
import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(7)
x = rng.normal(size=(400, 3)).astype("float32")
y = (x[:, 0] + x[:, 1] > 0).astype("float32")
rng.shuffle(x)

model = keras.Sequential([
    keras.Input((3,)),
    layers.Dense(16, activation="relu"),
    layers.Dense(1, activation="sigmoid"),
])
model.compile(optimizer=keras.optimizers.Adam(0.01), loss="binary_crossentropy")
model.fit(x, y, batch_size=32, epochs=40, verbose=0)
print("loss", model.evaluate(x, y, verbose=0))
