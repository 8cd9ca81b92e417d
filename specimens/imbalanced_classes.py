# imbalanced-classes: 4 of 100 rows are positive, amid the others, and what is learned is the share.
# As is 0 of 3 seeds learn; with “classes weighted by rarity” 3.
import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(7)
y = (np.arange(800) % 25 == 0).astype("float32")
angle = rng.uniform(0, 2 * np.pi, size=800)
radius = np.where(y == 1, rng.uniform(0, 0.4, size=800), rng.uniform(1.4, 2.4, size=800))
x = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)

model = keras.Sequential([
    keras.Input((2,)),
    layers.Dense(16, activation="relu"),
    layers.Dense(1, activation="sigmoid"),
])
model.compile(optimizer=keras.optimizers.SGD(0.1), loss="binary_crossentropy")
model.fit(x, y, batch_size=32, epochs=10, verbose=0)
print("positives found", (model.predict(x[y == 1], verbose=0) > 0.5).mean())
