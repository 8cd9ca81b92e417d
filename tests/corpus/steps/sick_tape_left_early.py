"""The loss is computed behind the tape's block, from numbers: no gradient reaches the first layer."""
import numpy as np
import tensorflow as tf

tf.keras.utils.set_random_seed(51)
x = np.random.normal(size=(160, 2)).astype("float32")
y = (x[:, :1] * x[:, 1:] > 0).astype("float32")
first = tf.keras.layers.Dense(3, activation="relu")
last = tf.keras.layers.Dense(1)
inputs = tf.keras.Input((2,))
model = tf.keras.Model(inputs, last(first(inputs)))
optimizer = tf.keras.optimizers.Adam(0.02)
for epoch in range(20):
    for i in range(0, 160, 16):
        with tf.GradientTape() as tape:
            code = tf.stop_gradient(first(x[i:i + 16]))
            loss = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(y[i:i + 16], last(code)))
        grads = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients([(g, v) for g, v in zip(grads, model.trainable_variables) if g is not None])
print("accuracy", float(np.mean((model.predict(x, verbose=0) > 0.0) == (y > 0.5))))
