# fragile-seeds: three ReLU units learn XOR from some draws of weights only.
# As is 0 of 3 seeds learn; with “widths: dense → 32” 3.
import keras
import numpy as np
from keras import layers

x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]] * 50, dtype="float32")
y = x[:, 0] != x[:, 1]
y = y.astype("float32")

model = keras.Sequential([
    keras.Input((2,)),
    layers.Dense(3, activation="relu"),
    layers.Dense(1, activation="sigmoid"),
])
model.compile(optimizer=keras.optimizers.Adam(0.02), loss="binary_crossentropy")
model.fit(x, y, batch_size=20, epochs=100, verbose=0)
print(model.predict(x[:4], verbose=0))
