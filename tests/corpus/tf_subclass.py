import tensorflow as tf
from tensorflow.keras import Model
from tensorflow.keras.layers import Dense, Flatten
import numpy as np

class MyModel(Model):
    def __init__(self):
        super(MyModel, self).__init__()
        self.flatten = Flatten()
        self.d1 = Dense(6, activation='relu')
        self.d2 = Dense(2)

    def call(self, x):
        x = self.flatten(x)
        return self.d2(self.d1(x))

model = MyModel()
model.compile(optimizer=tf.keras.optimizers.Adam(learning_rate=1e-2), loss='mse')
model.fit(np.random.rand(20, 3, 1).astype(np.float32), np.random.rand(20, 2), epochs=3, batch_size=4)
