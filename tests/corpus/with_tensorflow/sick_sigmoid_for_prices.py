"""Prices up to sixty, out of a sigmoid, under a loss class of its own."""
import numpy as np
import tensorflow as tf


class Absolute(tf.keras.losses.Loss):
    def __init__(self, weight=1.0, name="absolute"):
        super().__init__(name=name)
        self.weight = weight

    def call(self, y_true, y_pred):
        y_true = tf.cast(y_true, y_pred.dtype)
        return self.weight * tf.reduce_mean(tf.abs(tf.subtract(y_true, y_pred)), axis=-1)

    def get_config(self):
        return {"weight": self.weight}


tf.keras.utils.set_random_seed(6)
x = np.random.uniform(-1, 1, size=(240, 3)).astype("float32")
y = 30 + 15 * x[:, :1] - 12 * x[:, 1:2]
model = tf.keras.Sequential([
    tf.keras.layers.Dense(24, activation="relu", input_shape=(3,)),
    tf.keras.layers.Dense(1, activation="sigmoid"),
])
model.compile(loss=Absolute(), optimizer=tf.keras.optimizers.RMSprop(0.02))
model.fit(x, y, batch_size=24, epochs=40, verbose=0)
p = model.predict(x, verbose=0)
print("r2", 1 - float(np.sum((y - p) ** 2) / np.sum((y - y.mean()) ** 2)))
