"""Two outputs, a loss for each, weighed by name."""
import numpy as np
import tensorflow as tf

tf.keras.utils.set_random_seed(34)
x = np.random.uniform(-1, 1, (220, 3)).astype("float32")
value = (x[:, :1] + x[:, 1:2]).astype("float32")
sign = (value > 0).astype("float32")
inputs = tf.keras.Input((3,))
trunk = tf.keras.layers.Dense(24, activation="relu")(inputs)
model = tf.keras.Model(inputs, {"value": tf.keras.layers.Dense(1, name="value")(trunk),
                                "sign": tf.keras.layers.Dense(1, activation="sigmoid", name="sign")(trunk)})
model.compile(optimizer=tf.keras.optimizers.Adam(0.02),
              loss={"value": tf.keras.losses.MeanSquaredError(), "sign": tf.keras.losses.BinaryCrossentropy()},
              loss_weights={"value": 1.0, "sign": 0.5})
model.fit(x, {"value": value, "sign": sign}, batch_size=22, epochs=30, verbose=0)
p = model.predict(x, verbose=0)
print("r2", 1 - float(np.sum((value - p["value"]) ** 2) / np.sum((value - value.mean()) ** 2)))
