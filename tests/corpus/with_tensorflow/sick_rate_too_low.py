"""A cosine that begins at a hundred-thousandth."""
import math
import numpy as np
import tensorflow as tf
from tensorflow.keras.optimizers import Adam
from tensorflow.keras.optimizers.schedules import CosineDecay

tf.keras.utils.set_random_seed(5)
x = np.random.uniform(-1, 1, (128, 2)).astype("float32")
y = np.stack([x[:, 0] * x[:, 1], x[:, 0] ** 2 - x[:, 1]], axis=1)
steps = math.ceil(len(x) / 16) * 60

model = tf.keras.Sequential([
    tf.keras.layers.Input((2,)),
    tf.keras.layers.Dense(32, activation="tanh"),
    tf.keras.layers.Dense(32, activation="tanh"),
    tf.keras.layers.Dense(2),
])
model.compile(Adam(CosineDecay(1e-5, decay_steps=steps, alpha=0.1)), "mean_squared_error")
model.fit(x, y, batch_size=16, epochs=60, verbose=0)
p = model.predict(x, verbose=0)
print("r2", 1 - float(np.sum((y - p) ** 2) / np.sum((y - y.mean(0)) ** 2)))
