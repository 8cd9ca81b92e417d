import numpy as np
import tensorflow as tf
n = 36
features = {"age": np.random.rand(n, 1).astype("float32"), "height": np.random.rand(n, 2).astype("float32")}
target = np.random.randint(0, 2, n)
dataset = tf.data.Dataset.from_tensor_slices((features, target))
val, train = dataset.take(6).batch(6), dataset.skip(6)
train = train.shuffle(buffer_size=30).batch(10, drop_remainder=True)
for batch, labels in train.take(1):
    print(batch["age"].shape, labels.numpy()[:2])
inputs = {"age": tf.keras.Input((1,), name="age"), "height": tf.keras.Input((2,), name="height")}
both = tf.keras.layers.concatenate([inputs["age"], inputs["height"]])
model = tf.keras.Model(inputs, tf.keras.layers.Dense(1, activation="sigmoid")(both))
model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
model.fit(train, validation_data=val, epochs=3)
