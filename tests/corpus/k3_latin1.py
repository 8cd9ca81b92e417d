# -*- coding: latin-1 -*-
# größe
import keras, numpy as np
größe = 3
model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(größe, name="größe"), keras.layers.Dense(1)])
model.compile("adam", "mse"); model.fit(np.eye(2), np.ones(2), epochs=2)
