import numpy as np
import tensorflow as tf

class Noisy(tf.keras.layers.Layer):
    def __init__(self, stddev):
        super().__init__()
        self.stddev = stddev

    def call(self, x, training=None):
        if training:
            x = x + tf.random.normal(shape=tf.shape(x), mean=0.0, stddev=self.stddev)
        return tf.nn.dropout(x, rate=0.1) if training else x

    def get_config(self):
        return {"stddev": self.stddev}

tf.random.set_seed(3)
inputs = tf.keras.Input((4,))
code = tf.keras.layers.Dense(2, activation=tf.nn.swish)(Noisy(0.1)(inputs))
model = tf.keras.Model(inputs, tf.keras.layers.Dense(4)(code))
model.compile("adam", loss=lambda t, p: tf.reduce_mean(tf.abs(t - p), axis=-1))
x = tf.random.uniform((32, 4), minval=-1., maxval=1.)
model.fit(x, x, epochs=4, batch_size=8)
