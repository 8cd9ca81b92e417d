"""Rare positives, weighed up, through a subclassed model."""
import numpy as np
import tensorflow as tf
from tensorflow.keras.layers import BatchNormalization, Dense, Dropout


class Net(tf.keras.Model):
    def __init__(self):
        super(Net, self).__init__()
        self.one = Dense(24, activation=tf.nn.relu)
        self.norm = BatchNormalization()
        self.drop = Dropout(0.1)
        self.last = Dense(1, activation=tf.nn.sigmoid)

    def call(self, inputs, training=False):
        h = self.norm(self.one(inputs), training=training)
        if training:
            h = self.drop(h, training=training)
        return self.last(h)


tf.keras.utils.set_random_seed(35)
x = np.random.normal(size=(300, 2)).astype("float32")
y = (x[:, 0] > 0.9).astype("int32")
positive = float(tf.reduce_mean(tf.cast(y, tf.float32)))
model = Net()
model.compile(optimizer=tf.keras.optimizers.Adam(0.02), loss="binary_crossentropy", metrics=["accuracy", "Precision"])
model.fit(x, y, batch_size=30, epochs=30, verbose=0, class_weight={0: 1.0, 1: (1 - positive) / positive})
print("accuracy", float(np.mean((model.predict(x, verbose=0)[:, 0] > 0.5) == y)))
