import keras
import numpy as np
from keras import layers
a, b = keras.Input((2,), name="a"), keras.Input((3,), name="b")
out = layers.Dense(1, name="score")(layers.Concatenate()([a, b]))
model = keras.Model({"a": a, "b": b}, out)
model.compile("adam", "mse")
model.fit({"a": np.random.rand(12, 2), "b": np.random.rand(12, 3)}, np.random.rand(12), epochs=3, batch_size=4)
