"""All devices of a machine, a batch for each of them."""
import numpy as np
import tensorflow as tf

print("TensorFlow", tf.__version__, tf.config.list_physical_devices("GPU"))
strategy = tf.distribute.MirroredStrategy(["/cpu:0"])
tf.keras.utils.set_random_seed(32)
x = np.random.uniform(0, 1, (192, 2)).astype("float32")
y = tf.math.logical_xor(x[:, 0] > 0.5, x[:, 1] > 0.5).numpy().astype("float32")
with strategy.scope():
    model = tf.keras.Sequential([
        tf.keras.layers.Dense(32, activation="relu", kernel_initializer="he_uniform", input_shape=(2,)),
        tf.keras.layers.Dense(1, activation="sigmoid"),
    ])
    model.compile(optimizer=tf.keras.optimizers.Adam(0.03), loss="binary_crossentropy", metrics=["accuracy"])
model.fit(x, y, batch_size=16 * strategy.num_replicas_in_sync, epochs=60, verbose=0)
print("accuracy", float(np.mean((model.predict(x, verbose=0)[:, 0] > 0.5) == (y > 0.5))))
