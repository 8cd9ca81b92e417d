# a layer used by itself and within a nested model
import numpy as np, keras
from keras import layers
inp = keras.Input((4,))
h = layers.Dense(3, activation="relu")(inp)
enc = keras.Model(inp, h)
out = layers.Dense(4)(layers.Concatenate()([enc(inp), h]))
m = keras.Model(inp, out); m.compile("adam", "mse")
x = np.random.rand(40, 4)
m.fit(x, x, epochs=3, verbose=0)
