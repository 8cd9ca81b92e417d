from keras.engine.topology import Layer
from keras.engine.training import Model
from keras.layers import Input
from keras import backend as K
import numpy as np

class Scale(Layer):
    def __init__(self, output_dim, **kwargs):
        self.output_dim = output_dim
        super(Scale, self).__init__(**kwargs)

    def build(self, input_shape):
        self.kernel = self.add_weight(name='kernel', shape=(input_shape[1], self.output_dim),
                                      initializer='uniform', trainable=True)
        super(Scale, self).build(input_shape)

    def call(self, x):
        return K.dot(x, self.kernel)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.output_dim)

    def get_config(self):
        return {**super().get_config(), 'output_dim': self.output_dim}

inp = Input(shape=(3,))
model = Model(inp, Scale(2)(inp))
model.compile(loss='mse', optimizer='sgd')
model.fit(np.random.rand(12, 3), np.random.rand(12, 2), epochs=3, batch_size=4)
