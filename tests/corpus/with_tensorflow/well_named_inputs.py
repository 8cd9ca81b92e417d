"""Two inputs by name out of a data set of dictionaries, brought together by tf.concat."""
import numpy as np
import tensorflow as tf

tf.keras.utils.set_random_seed(29)
size = np.random.rand(200, 1).astype("float32")
kind = np.random.randint(0, 3, (200, 1))
price = (size * (kind + 1)).astype("float32")
data = tf.data.Dataset.from_tensor_slices(({"size": size, "kind": kind}, price)).batch(20)

a = tf.keras.Input(shape=(1,), name="size")
b = tf.keras.Input(shape=(1,), name="kind", dtype=tf.int32)
codes = tf.keras.layers.Flatten()(tf.keras.layers.Embedding(3, 2)(b))
both = tf.keras.layers.Lambda(lambda parts: tf.concat(parts, axis=-1), output_shape=(3,))([a, codes])
hidden = tf.keras.layers.Dense(24, activation="relu")(both)
model = tf.keras.Model(inputs={"size": a, "kind": b}, outputs=tf.keras.layers.Dense(1, name="price")(hidden))
model.compile(optimizer=tf.keras.optimizers.Adam(0.02), loss="mse")
model.fit(data, epochs=40, verbose=0)
p = model.predict({"size": size, "kind": kind}, verbose=0)
print("r2", 1 - float(np.sum((price - p) ** 2) / np.sum((price - price.mean()) ** 2)))
