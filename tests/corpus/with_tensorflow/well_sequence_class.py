"""Batches out of a tf.keras.utils.Sequence."""
import math
import numpy as np
import tensorflow as tf


class Batches(tf.keras.utils.Sequence):
    def __init__(self, x, y, size):
        super().__init__()
        self.x, self.y, self.size = x, y, size

    def __len__(self):
        return math.ceil(len(self.x) / self.size)

    def __getitem__(self, index):
        part = slice(index * self.size, (index + 1) * self.size)
        return self.x[part], self.y[part]


tf.keras.utils.set_random_seed(33)
x = np.random.randint(0, 2, (160, 3)).astype("float32")
y = tf.keras.utils.to_categorical(x @ [1, 1, 1], num_classes=4)
model = tf.keras.Sequential([
    tf.keras.layers.Dense(16, activation="relu", input_dim=3),
    tf.keras.layers.Dense(4, activation="softmax"),
])
model.compile(loss=tf.keras.losses.categorical_crossentropy, optimizer=tf.keras.optimizers.Adam(0.02), metrics=["accuracy"])
model.fit(Batches(x, y, 16), epochs=30, verbose=0)
print("accuracy", float(np.mean(model.predict(x, verbose=0).argmax(1) == y.argmax(1))))
