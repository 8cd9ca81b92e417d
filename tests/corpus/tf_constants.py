import tensorflow as tf
import numpy as np
xs = tf.constant([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=tf.float32)
ys = tf.constant([[0.], [1.], [1.], [0.]])
model = tf.keras.Sequential()
model.add(tf.keras.Input(shape=(2,)))
model.add(tf.keras.layers.Dense(2, activation=tf.keras.activations.sigmoid))
model.add(tf.keras.layers.Dense(1, activation='sigmoid'))
model.compile(tf.keras.optimizers.SGD(lr=0.1), 'mse')
model.fit(np.array(xs), np.array(ys), epochs=100, batch_size=4, verbose=0)
