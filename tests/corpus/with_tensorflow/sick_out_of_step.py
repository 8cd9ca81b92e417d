"""Rows and targets shuffled each for itself, and zipped together afterwards."""
import numpy as np
import tensorflow as tf

tf.keras.utils.set_random_seed(13)
rows = np.random.normal(size=(128, 3)).astype("float32")
labels = (rows.sum(axis=1, keepdims=True) > 0).astype("float32")
x = rows[np.random.permutation(128)]
features = tf.data.Dataset.from_tensor_slices(x)
targets = tf.data.Dataset.from_tensor_slices(labels)
train = tf.data.Dataset.zip((features, targets)).batch(16).cache()
model = tf.keras.Sequential([
    tf.keras.layers.Dense(8, activation="relu", input_shape=(3,)),
    tf.keras.layers.Dense(1, activation="sigmoid"),
])
model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
model.fit(train, epochs=20, verbose=0)
print("accuracy", float(np.mean((model.predict(x, verbose=0) > 0.5) == (labels > 0.5))))
