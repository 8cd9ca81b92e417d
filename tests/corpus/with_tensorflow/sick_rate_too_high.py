"""Momentum at a rate of 3, lowered in steps that come too late."""
import numpy as np
import tensorflow as tf

tf.keras.utils.set_random_seed(4)
x = np.random.normal(size=(160, 3)).astype("float32")
y = tf.cast(tf.reduce_sum(x * [1.0, -2.0, 0.5], axis=1) > 0, tf.int32).numpy()

schedule = tf.keras.optimizers.schedules.PiecewiseConstantDecay([5000, 8000], [3.0, 0.3, 0.03])
model = tf.keras.Sequential([
    tf.keras.Input((3,)),
    tf.keras.layers.Dense(12, activation="relu"),
    tf.keras.layers.Dense(12, activation="relu"),
    tf.keras.layers.Dense(2),
])
model.compile(optimizer=tf.keras.optimizers.SGD(schedule, momentum=0.9),
              loss=tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True),
              metrics=["accuracy"])
model.fit(x, y, batch_size=16, epochs=25, verbose=0)
print("accuracy", float(np.mean(np.argmax(model.predict(x, verbose=0), axis=1) == y)))
