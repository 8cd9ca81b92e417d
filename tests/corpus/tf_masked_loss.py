import numpy as np
import tensorflow as tf
loss_object = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction='none')

def masked_loss(real, pred):
    mask = tf.math.logical_not(tf.math.equal(real, 0))
    loss_ = loss_object(real, pred)
    mask = tf.cast(mask, dtype=loss_.dtype)
    return tf.reduce_sum(loss_ * mask) / tf.maximum(tf.reduce_sum(mask), 1.)

model = tf.keras.Sequential([
    tf.keras.layers.Embedding(9, 4),
    tf.keras.layers.GRU(3, return_sequences=True),
    tf.keras.layers.Dense(9)])
model.compile(optimizer='adam', loss=masked_loss)
x = np.random.randint(0, 9, (21, 5))
model.fit(x, x, batch_size=7, epochs=2)
