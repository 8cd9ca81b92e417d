# loop-leaves-out: the loop takes gradients by its last layer alone; the first keeps its random weights.
# As is 0 of 3 seeds learn; with “gradients for all trainable variables” 3.
import numpy as np
import tensorflow as tf

rng = np.random.default_rng(7)
x = rng.normal(size=(400, 2)).astype("float32")
y = (np.hypot(x[:, :1], x[:, 1:]) > 1.2).astype("float32")

model = tf.keras.Sequential([
    tf.keras.Input((2,)),
    tf.keras.layers.Dense(3, activation="tanh"),
    tf.keras.layers.Dense(1, activation="sigmoid"),
])
head = model.layers[-1]
loss_fn = tf.keras.losses.BinaryCrossentropy()
optimizer = tf.keras.optimizers.Adam(0.02)


@tf.function
def train_step(rows, labels):
    with tf.GradientTape() as tape:
        loss = loss_fn(labels, model(rows, training=True))
    gradients = tape.gradient(loss, head.trainable_variables)
    optimizer.apply_gradients(zip(gradients, head.trainable_variables))
    return loss


for epoch in range(80):
    for start in range(0, 400, 16):
        loss = train_step(x[start:start + 16], y[start:start + 16])
print("loss", float(loss))
