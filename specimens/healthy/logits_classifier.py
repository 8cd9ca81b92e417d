# Linear outputs are right here: the loss takes logits.
# As is 3 of 3 seeds learn.
import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(7)
labels = rng.integers(0, 4, size=600)
centres = np.array([[0, 0], [3, 0], [0, 3], [3, 3]])
x = (centres[labels] + 0.4 * rng.normal(size=(600, 2)) - 1.5).astype("float32")

model = keras.Sequential([keras.Input((2,)), layers.Dense(32, activation="relu"), layers.Dense(4)])
model.compile(
    optimizer=keras.optimizers.Adam(0.01),
    loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
)
model.fit(x, labels, batch_size=32, epochs=30, verbose=0)
print("loss", model.evaluate(x, labels, verbose=0))
