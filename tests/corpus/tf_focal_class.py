import tensorflow as tf
import numpy as np

class FocalLoss(tf.keras.losses.Loss):
    def __init__(self, gamma=2.0, alpha=0.25, name="focal"):
        super().__init__(name=name)
        self.gamma = gamma
        self.alpha = alpha

    def call(self, y_true: tf.Tensor, y_pred: tf.Tensor) -> tf.Tensor:
        y_true = tf.cast(y_true, y_pred.dtype)
        y_pred = tf.clip_by_value(y_pred, tf.keras.backend.epsilon(), 1. - tf.keras.backend.epsilon())
        pt = tf.where(tf.equal(y_true, 1.), y_pred, 1. - y_pred)
        return tf.reduce_mean(-self.alpha * tf.pow(1. - pt, self.gamma) * tf.math.log(pt), axis=-1)

model = tf.keras.Sequential([tf.keras.layers.Dense(5, activation="relu", input_dim=4), tf.keras.layers.Dense(1, activation="sigmoid")])
model.compile(optimizer="adam", loss=FocalLoss(), metrics=[tf.keras.metrics.AUC()])
model.fit(np.random.rand(40, 4), (np.random.rand(40) > .8).astype(int), batch_size=10, epochs=6, verbose=0)
