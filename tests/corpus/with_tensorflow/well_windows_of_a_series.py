"""A wave in windows, out of a pipeline, for a GRU."""
import numpy as np
import tensorflow as tf

WINDOW = 8
tf.keras.utils.set_random_seed(28)
series = (np.sin(np.arange(240) / 5) + 0.02 * np.random.normal(size=240)).astype("float32")


def windowed(values, size, batch):
    ds = tf.data.Dataset.from_tensor_slices(tf.expand_dims(values, axis=-1))
    ds = ds.window(size + 1, shift=1, drop_remainder=True)
    ds = ds.flat_map(lambda w: w.batch(size + 1))
    ds = ds.map(lambda w: (w[:-1], w[-1]))
    return ds.batch(batch).prefetch(1)


model = tf.keras.models.Sequential([
    tf.keras.layers.GRU(12, input_shape=[WINDOW, 1]),
    tf.keras.layers.Dense(1),
])
model.compile(loss=tf.keras.losses.Huber(), optimizer=tf.keras.optimizers.Adam(0.02), metrics=["mae"])
model.fit(windowed(series, WINDOW, 29), epochs=25, verbose=0)
rows = np.stack([series[i:i + WINDOW] for i in range(232)])[..., None]
t, p = series[WINDOW:], model.predict(rows, verbose=0)[:, 0]
print("r2", 1 - float(np.sum((t - p) ** 2) / np.sum((t - t.mean()) ** 2)))
