import numpy as np
import tensorflow as tf
K = tf.keras.backend

def triplet(y_true, y_pred, margin=0.2):
    anchor, positive, negative = tf.split(y_pred, num_or_size_splits=3, axis=1)
    near = tf.reduce_sum(tf.math.squared_difference(anchor, positive), axis=-1)
    far = tf.reduce_sum(tf.math.squared_difference(anchor, negative), axis=-1)
    return tf.reduce_mean(tf.maximum(near - far + margin, 0.))

embed = tf.keras.Sequential([tf.keras.layers.Dense(4, activation='tanh', input_shape=(3,)),
                             tf.keras.layers.Lambda(lambda t: tf.math.l2_normalize(t, axis=1))])
ins = [tf.keras.layers.Input((3,)) for _ in range(3)]
model = tf.keras.models.Model(ins, tf.keras.layers.concatenate([embed(i) for i in ins]))
model.compile(tf.keras.optimizers.Adam(1e-3), triplet)
rows = [np.random.rand(12, 3) for _ in range(3)]
model.fit(rows, np.zeros((12, 12)), batch_size=4, epochs=3)
