import keras
import numpy as np
model = keras.Sequential()
model.add(keras.Input((5, 2)))
model.add(keras.layers.Bidirectional(keras.layers.GRU(3)))
model.add(keras.layers.Dense(1))
model.compile("adam", "mse")
model.fit(np.random.rand(8, 5, 2), np.random.rand(8, 1), epochs=2, batch_size=4)
