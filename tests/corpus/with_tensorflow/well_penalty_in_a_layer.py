"""An autoencoder whose code adds a loss of its own."""
import numpy as np
import tensorflow as tf


class Sparse(tf.keras.layers.Layer):
    def call(self, code):
        self.add_loss(1e-4 * tf.reduce_sum(tf.abs(code)))
        return code


tf.keras.utils.set_random_seed(31)
hidden = np.random.normal(size=(200, 2)).astype("float32")
x = tf.linalg.matmul(hidden, tf.constant([[1., 0., .5, -1.], [0., 1., .5, 1.]])).numpy()
inputs = tf.keras.layers.Input(shape=(4,))
code = Sparse()(tf.keras.layers.Dense(2)(inputs))
autoencoder = tf.keras.models.Model(inputs, tf.keras.layers.Dense(4)(code))
autoencoder.compile(optimizer=tf.keras.optimizers.Adam(0.02), loss="mse")
autoencoder.fit(x, x, epochs=40, batch_size=20, shuffle=True, verbose=0)
p = autoencoder.predict(x, verbose=0)
print("r2", 1 - float(np.sum((x - p) ** 2) / np.sum((x - x.mean(0)) ** 2)))
