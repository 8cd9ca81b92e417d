"""Callbacks of every kind, one of its own."""
import os
import tempfile
import numpy as np
import tensorflow as tf
from tensorflow.keras.callbacks import (Callback, CSVLogger, LambdaCallback, LearningRateScheduler,
                                        ModelCheckpoint, TerminateOnNaN)


class Told(Callback):
    def on_train_begin(self, logs=None):
        self.losses = []

    def on_epoch_end(self, epoch, logs=None):
        self.losses.append(logs["loss"])
        if epoch % 20 == 0:
            print(epoch, float(tf.keras.backend.get_value(self.model.optimizer.learning_rate)))


def rate(epoch, lr):
    return lr if epoch < 20 else lr * float(tf.math.exp(-0.05))


tf.keras.utils.set_random_seed(23)
x = np.linspace(-1, 1, 160, dtype="float32").reshape(-1, 1)
y = tf.sin(3.0 * x).numpy()
folder = tempfile.mkdtemp()
told = Told()
model = tf.keras.Sequential([tf.keras.layers.Dense(24, activation="tanh", input_shape=(1,)), tf.keras.layers.Dense(1)])
model.compile(optimizer=tf.keras.optimizers.Adam(learning_rate=0.03), loss="mse")
model.fit(x, y, batch_size=16, epochs=60, verbose=0, callbacks=[
    told, LearningRateScheduler(rate), TerminateOnNaN(), CSVLogger(os.path.join(folder, "log.csv")),
    ModelCheckpoint(os.path.join(folder, "best.weights.h5"), monitor="loss", save_best_only=True, save_weights_only=True),
    LambdaCallback(on_epoch_end=lambda epoch, logs: None)])
p = model.predict(x, verbose=0)
print("r2", 1 - float(np.sum((y - p) ** 2) / np.sum((y - y.mean()) ** 2)))
