# constant-output: the penalty drives all weights to 0 and the output to a constant.
# As is 0 of 3 seeds learn; with “no regularisers” 3.
import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(7)
x = rng.normal(size=(400, 2)).astype("float32")
y = (np.hypot(x[:, 0], x[:, 1]) > 1.2).astype("float32")

lasso = keras.regularizers.L1(0.05)
model = keras.Sequential([
    keras.Input((2,)),
    layers.Dense(32, activation="relu", kernel_regularizer=lasso),
    layers.Dense(16, activation="relu", kernel_regularizer=lasso),
    layers.Dense(1, activation="sigmoid"),
])
model.compile(optimizer=keras.optimizers.Adam(0.01), loss="binary_crossentropy")
model.fit(x, y, batch_size=32, epochs=60, verbose=0)
print(model.predict(x[:5], verbose=0))
