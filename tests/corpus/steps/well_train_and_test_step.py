"""train_step and test_step with trackers of their own, and validation data."""
import numpy as np
import tensorflow as tf

loss_tracker = tf.keras.metrics.Mean(name="loss")
right = tf.keras.metrics.BinaryAccuracy(name="right")


class Tracked(tf.keras.Model):
    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            p = self(x, training=True)
            loss = tf.reduce_mean(tf.keras.losses.binary_crossentropy(y, p))
        grads = tape.gradient(loss, self.trainable_weights)
        self.optimizer.apply_gradients(zip(grads, self.trainable_weights))
        loss_tracker.update_state(loss)
        right.update_state(y, p)
        return {"loss": loss_tracker.result(), "right": right.result()}

    def test_step(self, data):
        x, y = data
        p = self(x, training=False)
        loss_tracker.update_state(tf.reduce_mean(tf.keras.losses.binary_crossentropy(y, p)))
        right.update_state(y, p)
        return {"loss": loss_tracker.result(), "right": right.result()}

    @property
    def metrics(self):
        return [loss_tracker, right]


tf.keras.utils.set_random_seed(42)
x = np.random.normal(size=(220, 2)).astype("float32")
y = (x[:, :1] * x[:, 1:] > 0).astype("float32")
inputs = tf.keras.Input((2,))
h = tf.keras.layers.Dense(24, activation="relu")(inputs)
model = Tracked(inputs, tf.keras.layers.Dense(1, activation="sigmoid")(h))
model.compile(optimizer=tf.keras.optimizers.Adam(0.02))
model.fit(x[:200], y[:200], validation_data=(x[200:], y[200:]), batch_size=20, epochs=40, verbose=0)
print("accuracy", float(np.mean((model.predict(x, verbose=0) > 0.5) == (y > 0.5))))
