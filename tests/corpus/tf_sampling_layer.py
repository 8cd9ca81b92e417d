# The variational autoencoder of the Keras guides, 2020, on vectors.
import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

class Sampling(layers.Layer):
    """Uses (z_mean, z_log_var) to sample z."""

    def call(self, inputs):
        z_mean, z_log_var = inputs
        batch = tf.shape(z_mean)[0]
        dim = tf.shape(z_mean)[1]
        epsilon = tf.keras.backend.random_normal(shape=(batch, dim))
        return z_mean + tf.exp(0.5 * z_log_var) * epsilon

encoder_inputs = keras.Input(shape=(6,))
x = layers.Dense(5, activation="relu")(encoder_inputs)
z_mean = layers.Dense(2, name="z_mean")(x)
z_log_var = layers.Dense(2, name="z_log_var")(x)
z = Sampling()([z_mean, z_log_var])
outputs = layers.Dense(6, activation="sigmoid")(z)
vae = keras.Model(encoder_inputs, outputs, name="vae")
vae.compile(optimizer=keras.optimizers.Adam(), loss="binary_crossentropy")
vae.fit(np.random.rand(32, 6).astype("float32"), np.random.rand(32, 6).round(), epochs=3, batch_size=8)
