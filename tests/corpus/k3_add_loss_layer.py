# add_loss from a layer, no loss at compile, fit(x, None)
import numpy as np
import keras
from keras import layers, ops

class Recon(layers.Layer):
    def call(self, inputs):
        x, y = inputs
        self.add_loss(ops.mean(ops.square(x - y)))
        return y

inp = keras.Input((8,))
h = layers.Dense(4, activation="relu")(inp)
out = layers.Dense(8)(h)
out = Recon()([inp, out])
model = keras.Model(inp, out)
model.compile(optimizer="adam")
x = np.random.rand(120, 8).astype("float32")
model.fit(x, None, epochs=10, batch_size=16, verbose=0)
