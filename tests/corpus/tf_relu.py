import numpy as np
import tensorflow as tf
from tensorflow import keras
print(tf.__version__)
tf.random.set_seed(42)
np.random.seed(42)
x = np.random.rand(30, 2)
model = keras.Sequential([
    keras.layers.Dense(4, activation=tf.nn.relu, input_shape=[2]),
    keras.layers.Dense(1)
])
optimizer = tf.keras.optimizers.RMSprop(0.001)
model.compile(loss='mse', optimizer=optimizer, metrics=['mae', 'mse'])
model.fit(x, x.sum(1), epochs=7, validation_split=0.2, verbose=0)
