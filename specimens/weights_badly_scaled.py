# weights-badly-scaled: drawn with a spread of 0.001, the weights leave nothing after two layers.
# As is 0 of 3 seeds learn; with “all initialisers → he_normal” 3.
import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(7)
x = rng.normal(size=(400, 2)).astype("float32")
y = (np.hypot(x[:, 0], x[:, 1]) > 1.2).astype("float32")

tiny = keras.initializers.RandomNormal(stddev=0.001)
model = keras.Sequential([
    keras.Input((2,)),
    layers.Dense(32, activation="relu", kernel_initializer=tiny),
    layers.Dense(32, activation="relu", kernel_initializer=tiny),
    layers.Dense(1, activation="sigmoid", kernel_initializer=tiny),
])
model.compile(optimizer=keras.optimizers.SGD(0.1, momentum=0.9), loss="binary_crossentropy")
model.fit(x, y, batch_size=16, epochs=40, verbose=0)
print("loss", model.evaluate(x, y, verbose=0))
