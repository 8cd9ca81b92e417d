"""A fit of its own that scales and hands on."""
import numpy as np
import tensorflow as tf


class Scaled(tf.keras.Sequential):
    def fit(self, x=None, y=None, **kwargs):
        self.mean, self.spread = x.mean(0), x.std(0)
        return super().fit((x - self.mean) / self.spread, y, **kwargs)

    def answer(self, x):
        return self.predict((x - self.mean) / self.spread, verbose=0)


tf.keras.utils.set_random_seed(44)
x = np.random.normal(500, 100, size=(200, 3)).astype("float32")
y = ((x[:, :1] - x[:, 1:2]) / 100).astype("float32")
model = Scaled([tf.keras.layers.Dense(16, activation="relu"), tf.keras.layers.Dense(1)])
model.compile(tf.keras.optimizers.Adam(0.02), "mse")
model.fit(x, y, epochs=30, batch_size=20, verbose=0)
p = model.answer(x)
print("r2", 1 - float(np.sum((y - p) ** 2) / np.sum((y - y.mean()) ** 2)))
