import numpy as np
import tensorflow as tf
rng = np.random.default_rng(0)
X, Y = rng.normal(size=(30, 3)), rng.integers(0, 2, 30)

def gen():
    for row, label in zip(X, Y):
        yield row, label

ds = tf.data.Dataset.from_generator(gen, output_signature=(
    tf.TensorSpec(shape=(3,), dtype=tf.float32), tf.TensorSpec(shape=(), dtype=tf.int32)))
ds = ds.batch(6).repeat()
inputs = tf.keras.Input(shape=(3,))
outputs = tf.keras.layers.Dense(1, activation="sigmoid")(inputs)
model = tf.keras.Model(inputs, outputs)
model.compile("sgd", "binary_crossentropy")
model.fit(ds, steps_per_epoch=5, epochs=4)
