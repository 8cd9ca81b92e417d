import keras
import numpy as np
from keras import layers
text = keras.Input((4,), name="text")
number = keras.Input((1,), name="number")
joined = layers.concatenate([layers.Dense(3, activation="relu")(text), number])
model = keras.Model([text, number], layers.Dense(1)(joined))
model.compile(optimizer="adam", loss="mse")
model.fit([np.random.rand(18, 4), np.random.rand(18, 1)], np.random.rand(18, 1), epochs=2, batch_size=6)
