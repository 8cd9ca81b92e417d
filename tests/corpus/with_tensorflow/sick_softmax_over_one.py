"""A yes-or-no question, answered by a softmax over one unit."""
import numpy as np
import tensorflow as tf
from tensorflow.keras import layers

tf.random.set_seed(2)
rng = np.random.default_rng(2)
x = rng.normal(size=(200, 4)).astype("float32")
y = (x[:, 0] + x[:, 1] * x[:, 2] > 0).astype("float32")
dataset = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(200, seed=2).batch(20)

model = tf.keras.models.Sequential()
model.add(layers.Input(shape=(4,)))
model.add(layers.Dense(24, activation="relu"))
model.add(layers.Dense(24, activation="relu"))
model.add(layers.Dense(1, activation="softmax"))
model.compile(optimizer=tf.keras.optimizers.Adam(learning_rate=5e-3),
              loss=tf.keras.losses.BinaryCrossentropy(),
              metrics=[tf.keras.metrics.BinaryAccuracy()])
model.fit(dataset, epochs=30, verbose=0)
print("accuracy", float(np.mean((model.predict(x, verbose=0)[:, 0] > 0.5) == (y > 0.5))))
