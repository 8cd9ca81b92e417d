x = np.random.rand(10, 2) if "np" in globals() else None
import numpy as np
import keras
x = np.random.rand(10, 2)
model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
model.compile("adam", "mse")
hist = model.fit(x, x, epochs=2)
hist.history["loss"]
