"""A body that was frozen and never thawed, with a narrow head."""
import numpy as np
import tensorflow as tf
from tensorflow.keras import Input, Model, layers

tf.keras.utils.set_random_seed(10)
x = np.random.uniform(-2, 2, (240, 2)).astype("float32")
y = tf.cast(tf.norm(x, axis=1) < 1.3, tf.float32).numpy()

inputs = Input((2,))
body = layers.Dense(4, activation="relu", trainable=False)(inputs)
body = layers.Dense(4, activation="relu", trainable=False)(body)
model = Model(inputs, layers.Dense(1, activation="sigmoid")(body))
model.compile(tf.keras.optimizers.Adam(0.03), tf.keras.losses.BinaryCrossentropy(from_logits=False))
model.fit(x, y, epochs=50, batch_size=24, verbose=0)
print("accuracy", float(np.mean((model.predict(x, verbose=0)[:, 0] > 0.5) == (y > 0.5))))
