"""The loop of TensorFlow's beginner pages: a compiled step, two metrics, batches of tf.data."""
import numpy as np
import tensorflow as tf

tf.keras.utils.set_random_seed(46)
x = np.random.normal(size=(240, 4)).astype("float32")
y = (x.sum(1) > 0).astype("int32")
train = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(240, seed=1).batch(24)
model = tf.keras.Sequential([tf.keras.Input((4,)), tf.keras.layers.Dense(16, activation="relu"), tf.keras.layers.Dense(2)])
loss_object = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
optimizer = tf.keras.optimizers.Adam(0.01)
train_loss = tf.keras.metrics.Mean(name="train_loss")


@tf.function
def train_step(rows, labels):
    with tf.GradientTape() as tape:
        predictions = model(rows, training=True)
        loss = loss_object(labels, predictions)
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
    train_loss(loss)


for epoch in range(15):
    train_loss.reset_state()
    for rows, labels in train:
        train_step(rows, labels)
    if epoch % 5 == 0:
        print(f"Epoch {epoch + 1}, Loss: {train_loss.result():.4f}")
print("accuracy", float(np.mean(model.predict(x, verbose=0).argmax(1) == y)))
