"""Batches by hand, through train_on_batch."""
import numpy as np
import tensorflow as tf

tf.keras.utils.set_random_seed(48)
x = np.random.normal(size=(200, 3)).astype("float32")
y = (x[:, :1] > 0.3).astype("float32")
model = tf.keras.Sequential([tf.keras.layers.Dense(16, activation="relu", input_shape=(3,)), tf.keras.layers.Dense(1, activation="sigmoid")])
model.compile(optimizer=tf.keras.optimizers.Adam(0.02), loss="binary_crossentropy", metrics=["accuracy"])
for epoch in range(20):
    for i in range(0, 200, 20):
        loss, accuracy = model.train_on_batch(x[i:i + 20], y[i:i + 20])
print("accuracy", float(np.mean((model.predict(x, verbose=0) > 0.5) == (y > 0.5))))
