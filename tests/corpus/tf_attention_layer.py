import numpy as np
import tensorflow as tf
from tensorflow.keras import layers

class Attention(layers.Layer):
    def __init__(self, units, **kwargs):
        super(Attention, self).__init__(**kwargs)
        self.units = units

    def build(self, input_shape):
        self.w = self.add_weight(name="w", shape=(input_shape[-1], self.units), initializer="glorot_uniform", trainable=True)
        self.v = self.add_weight(name="v", shape=(self.units, 1), initializer="glorot_uniform", trainable=True)
        super().build(input_shape)

    def call(self, h):
        score = tf.tensordot(tf.nn.tanh(tf.matmul(h, self.w)), self.v, axes=1)
        weights = tf.nn.softmax(score, axis=1)
        return tf.reduce_sum(weights * h, axis=1)

    def get_config(self):
        return {**super().get_config(), "units": self.units}

inp = layers.Input(shape=(6, 2))
h = layers.LSTM(3, return_sequences=True)(inp)
out = layers.Dense(1)(Attention(4)(h))
model = tf.keras.models.Model(inp, out)
model.compile("adam", "mae")
model.fit(np.random.rand(16, 6, 2), np.random.rand(16, 1), batch_size=4, epochs=2)
