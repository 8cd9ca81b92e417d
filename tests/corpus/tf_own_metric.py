import numpy as np
import tensorflow as tf

class HitRate(tf.keras.metrics.Metric):
    def __init__(self, name="hit_rate", **kwargs):
        super().__init__(name=name, **kwargs)
        self.hits = self.add_weight(name="hits", initializer="zeros")
        self.total = self.add_weight(name="total", initializer="zeros")

    def update_state(self, y_true, y_pred, sample_weight=None):
        right = tf.equal(tf.cast(tf.argmax(y_pred, axis=1), tf.int64), tf.cast(tf.reshape(y_true, [-1]), tf.int64))
        self.hits.assign_add(tf.reduce_sum(tf.cast(right, tf.float32)))
        self.total.assign_add(tf.cast(tf.size(y_true), tf.float32))

    def result(self):
        return tf.math.divide_no_nan(self.hits, self.total)

    def reset_state(self):
        self.hits.assign(0.)
        self.total.assign(0.)

model = tf.keras.Sequential([tf.keras.layers.Dense(3, activation="softmax", input_shape=(5,))])
model.compile("adagrad", "sparse_categorical_crossentropy", metrics=[HitRate()])
model.fit(np.random.rand(18, 5), np.random.randint(0, 3, 18), epochs=3, batch_size=6)
