import keras
import numpy as np
x = np.random.rand(20, 3)
y = np.array([0] * 15 + [1] * 5)
model = keras.Sequential([keras.layers.Dense(1, activation="sigmoid")])
model.compile("adam", "binary_crossentropy")
model.fit(x, y, epochs=2, batch_size=5, class_weight={0: 1.0, 1: 3.0})
