import keras
import numpy as np
from keras import layers
x = np.random.randint(0, 256, (12, 6, 6), dtype="uint8")
y = np.random.randint(0, 4, (12, 1))
model = keras.Sequential([
    keras.Input((6, 6)), layers.Rescaling(1 / 255), layers.Reshape((6, 6, 1)),
    layers.Conv2D(3, 3, activation="relu"), layers.MaxPooling2D(), layers.Flatten(), layers.Dense(4),
])
model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
model.fit(x, y, epochs=2, batch_size=4)
