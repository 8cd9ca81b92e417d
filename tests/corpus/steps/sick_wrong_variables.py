"""A loop that takes the gradients of the head alone, whose body is too narrow to be left as drawn."""
import numpy as np
import tensorflow as tf

tf.keras.utils.set_random_seed(49)
x = np.random.uniform(-2, 2, (200, 2)).astype("float32")
y = (np.hypot(x[:, :1], x[:, 1:]) < 1.3).astype("float32")
body = tf.keras.Sequential([tf.keras.Input((2,)), tf.keras.layers.Dense(4, activation="relu"), tf.keras.layers.Dense(4, activation="relu")])
head = tf.keras.layers.Dense(1, activation="sigmoid")
inputs = tf.keras.Input((2,))
model = tf.keras.Model(inputs, head(body(inputs)))
optimizer = tf.keras.optimizers.Adam(0.03)
bce = tf.keras.losses.BinaryCrossentropy()
for epoch in range(30):
    for i in range(0, 200, 20):
        with tf.GradientTape() as tape:
            loss = bce(y[i:i + 20], model(x[i:i + 20], training=True))
        grads = tape.gradient(loss, head.trainable_variables)
        optimizer.apply_gradients(zip(grads, head.trainable_variables))
print("accuracy", float(np.mean((model.predict(x, verbose=0) > 0.5) == (y > 0.5))))
