"""A stateful metric of its own, beside Keras's."""
import numpy as np
import tensorflow as tf


class Specificity(tf.keras.metrics.Metric):
    def __init__(self, threshold=0.5, name="specificity", **kwargs):
        super().__init__(name=name, **kwargs)
        self.threshold = threshold
        self.negatives = self.add_weight(name="negatives", initializer="zeros")
        self.right = self.add_weight(name="right", initializer="zeros")

    def update_state(self, y_true, y_pred, sample_weight=None):
        negative = tf.equal(tf.cast(y_true, tf.int32), 0)
        low = tf.less(y_pred, self.threshold)
        self.negatives.assign_add(tf.reduce_sum(tf.cast(negative, tf.float32)))
        self.right.assign_add(tf.reduce_sum(tf.cast(tf.logical_and(negative, low), tf.float32)))

    def result(self):
        return tf.math.divide_no_nan(self.right, self.negatives)

    def reset_state(self):
        self.negatives.assign(0.0)
        self.right.assign(0.0)


tf.keras.utils.set_random_seed(22)
x = np.random.normal(size=(200, 3)).astype("float32")
y = (x[:, :1] - x[:, 2:] > 0.2).astype("float32")
model = tf.keras.Sequential([
    tf.keras.layers.Dense(16, activation="relu", input_shape=(3,)),
    tf.keras.layers.Dense(1, activation="sigmoid"),
])
model.compile(tf.keras.optimizers.Adam(0.02), "binary_crossentropy",
              metrics=["accuracy", Specificity(), tf.keras.metrics.AUC()])
model.fit(x, y, batch_size=20, epochs=30, validation_split=0.1, verbose=0)
print("accuracy", float(np.mean((model.predict(x, verbose=0) > 0.5) == (y > 0.5))))
