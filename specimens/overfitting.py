# overfitting: 40 rows of 40 noisy columns are learned by heart.
# As is 0 of 3 seeds learn; with “dropout of 0.3 behind hidden layers” 3.
import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(7)
y = rng.normal(size=(80, 1))
x = y + 4.0 * rng.normal(size=(80, 40))

model = keras.Sequential([
    keras.Input((40,)),
    layers.Dense(128, activation="relu"),
    layers.Dense(128, activation="relu"),
    layers.Dense(1),
])
model.compile(optimizer=keras.optimizers.Adam(0.001), loss="mse")
model.fit(x, y, batch_size=16, epochs=200, validation_split=0.5, verbose=0)
print("loss", model.evaluate(x[40:], y[40:], verbose=0))
