"""A train_step with a tape, as TensorFlow's guide writes it."""
import numpy as np
import tensorflow as tf


class Stepped(tf.keras.Model):
    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = self.compute_loss(y=y, y_pred=y_pred)
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
        for metric in self.metrics:
            if metric.name == "loss":
                metric.update_state(loss)
            else:
                metric.update_state(y, y_pred)
        return {m.name: m.result() for m in self.metrics}


tf.keras.utils.set_random_seed(41)
x = np.random.uniform(-1, 1, (200, 3)).astype("float32")
y = (x[:, :1] * 2 - x[:, 1:2]).astype("float32")
inputs = tf.keras.Input((3,))
outputs = tf.keras.layers.Dense(1)(tf.keras.layers.Dense(16, activation="relu")(inputs))
model = Stepped(inputs, outputs)
model.compile(optimizer=tf.keras.optimizers.Adam(0.02), loss="mse", metrics=["mae"])
model.fit(x, y, batch_size=20, epochs=20, verbose=0)
p = model.predict(x, verbose=0)
print("r2", 1 - float(np.sum((y - p) ** 2) / np.sum((y - y.mean()) ** 2)))
