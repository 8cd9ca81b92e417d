import keras
import numpy as np
base = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="relu")])
pre = keras.Sequential([base, keras.layers.Dense(4)])
pre.compile("adam", "mse")
x = np.random.rand(10, 4)
pre.fit(x, x, epochs=2, verbose=0)
fine = keras.Sequential([base, keras.layers.Dense(1)])
fine.compile("adam", "mse")
fine.fit(x, x[:, 0], epochs=3, verbose=0)
