# exploding-gradient: every layer with weights drawn at a spread of 1 makes values 5 times larger.
# As is 0 of 3 seeds learn; with “all initialisers → glorot_uniform” 3.
import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(7)
x = rng.normal(size=(400, 2)).astype("float32")
y = x[:, :1] * x[:, 1:]

wide = keras.initializers.RandomNormal(stddev=1.0)
model = keras.Sequential([
    keras.Input((2,)),
    layers.Dense(64, activation="relu", kernel_initializer=wide),
    layers.Dense(64, activation="relu", kernel_initializer=wide),
    layers.Dense(64, activation="relu", kernel_initializer=wide),
    layers.Dense(1, kernel_initializer=wide),
])
model.compile(optimizer=keras.optimizers.SGD(0.02, momentum=0.9), loss="mse")
model.fit(x, y, batch_size=16, epochs=60, verbose=0)
print("loss", model.evaluate(x, y, verbose=0))
