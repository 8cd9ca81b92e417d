"""Adam made anew for every batch, at a rate that is too low."""
import numpy as np
import tensorflow as tf

tf.keras.utils.set_random_seed(50)
x = np.random.uniform(-1, 1, (160, 2)).astype("float32")
y = (x[:, :1] * x[:, 1:]).astype("float32")
model = tf.keras.Sequential([tf.keras.Input((2,)), tf.keras.layers.Dense(16, activation="tanh"), tf.keras.layers.Dense(1)])
for epoch in range(20):
    for i in range(0, 160, 16):
        optimizer = tf.keras.optimizers.Adam(1e-5)
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(y[i:i + 16] - model(x[i:i + 16], training=True)))
        grads = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(grads, model.trainable_variables))
p = model.predict(x, verbose=0)
print("r2", 1 - float(np.sum((y - p) ** 2) / np.sum((y - y.mean()) ** 2)))
