import keras
import numpy as np
from keras import ops


class Linear(keras.layers.Layer):
    def __init__(self, units):
        super().__init__()
        self.units = units

    def build(self, shape):
        self.w = self.add_weight(shape=(shape[-1], self.units), initializer="he_normal")

    def call(self, x):
        return ops.matmul(x, self.w)


model = keras.Sequential([keras.Input((3,)), Linear(4), keras.layers.ReLU(), Linear(1)])
model.compile("adam", "mse")
model.fit(np.random.rand(11, 3), np.random.rand(11, 1), epochs=2)
