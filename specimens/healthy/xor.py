# XOR with a hidden layer of 32.
# As is 3 of 3 seeds learn.
import keras
import numpy as np
from keras import layers

x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype="float32")
y = np.array([0, 1, 1, 0], dtype="float32")

model = keras.Sequential([
    keras.Input((2,)),
    layers.Dense(32, activation="tanh"),
    layers.Dense(1, activation="sigmoid"),
])
model.compile(optimizer=keras.optimizers.Adam(0.03), loss="binary_crossentropy")
model.fit(x, y, batch_size=4, epochs=500, verbose=0)
print(model.predict(x, verbose=0).round(2))
