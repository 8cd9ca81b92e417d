"""Nine of ten units left out, twice."""
import numpy as np
import tensorflow as tf

tf.random.set_seed(12)
rng = np.random.RandomState(12)
x = rng.uniform(0, 1, (200, 6)).astype("float32")
y = tf.one_hot(np.argmax(x[:, :3], axis=1), depth=3).numpy()
model = tf.keras.Sequential([
    tf.keras.layers.Dense(20, activation="relu", input_shape=(6,)),
    tf.keras.layers.Dropout(0.9),
    tf.keras.layers.Dense(20, activation="relu"),
    tf.keras.layers.Dropout(rate=0.9),
    tf.keras.layers.Dense(3, activation="softmax"),
])
model.compile(tf.keras.optimizers.Adam(0.01), loss=tf.keras.losses.CategoricalCrossentropy(),
              metrics=[tf.keras.metrics.CategoricalAccuracy(name="acc")])
model.fit(x, y, validation_split=0.1, epochs=40, batch_size=20, verbose=0)
print("accuracy", float(np.mean(model.predict(x, verbose=0).argmax(1) == y.argmax(1))))
