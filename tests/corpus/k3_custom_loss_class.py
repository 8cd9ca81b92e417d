import keras
from keras import ops
import numpy as np


class Weighted(keras.losses.Loss):
    def __init__(self, weight=2.0, name="weighted", **kwargs):
        super().__init__(name=name, **kwargs)
        self.weight = weight

    def call(self, y_true, y_pred):
        return self.weight * ops.mean(ops.square(y_true - y_pred), axis=-1)


model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
model.compile("adam", Weighted(3.0))
model.fit(np.random.rand(9, 2), np.random.rand(9, 1), epochs=2, batch_size=3)
