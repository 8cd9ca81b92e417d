"""Targets (n,) against outputs (n, 1), in a loss class of its own."""
import numpy as np
import tensorflow as tf

tf.keras.utils.set_random_seed(7)
x = np.random.uniform(-1, 1, (200, 3)).astype("float32")
y = (x[:, 0] - 0.7 * x[:, 1] + 0.3 * x[:, 2]).astype("float32")


class RMSE(tf.keras.losses.Loss):
    def call(self, y_true, y_pred):
        return tf.sqrt(tf.reduce_mean(tf.math.squared_difference(y_pred, y_true)) + 1e-7)


train = tf.data.Dataset.from_tensor_slices((x, y)).batch(25).prefetch(tf.data.AUTOTUNE)
model = tf.keras.Sequential([
    tf.keras.Input(shape=(3,)),
    tf.keras.layers.Dense(12, activation="elu"),
    tf.keras.layers.Dense(1),
])
model.compile(optimizer=tf.keras.optimizers.Adam(1e-2), loss=RMSE())
model.fit(train, epochs=40, verbose=0)
p = model.predict(x, verbose=0)[:, 0]
print("r2", 1 - float(np.sum((y - p) ** 2) / np.sum((y - y.mean()) ** 2)))
