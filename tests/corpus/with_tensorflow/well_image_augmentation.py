"""Images that are flipped and brightened in a pipeline."""
import numpy as np
import tensorflow as tf


def load(image, label):
    return tf.cast(image, tf.float32) / 255.0, label


def augment(image, label):
    image = tf.image.random_flip_left_right(image)
    image = tf.image.random_brightness(image, max_delta=0.05)
    return tf.clip_by_value(image, 0.0, 1.0), label


tf.keras.utils.set_random_seed(25)
labels = np.random.randint(0, 2, 80)
images = np.random.randint(0, 80, (80, 8, 8, 3)).astype("uint8")
for image, label in zip(images, labels):
    image[(0 if label else 4):(4 if label else 8)] += 120
base = tf.data.Dataset.from_tensor_slices((images, labels)).map(load, num_parallel_calls=tf.data.AUTOTUNE)
train = base.shuffle(80, seed=1).map(augment).batch(16).prefetch(1)
model = tf.keras.Sequential([
    tf.keras.layers.Conv2D(6, (3, 3), activation="relu", input_shape=(8, 8, 3)),
    tf.keras.layers.MaxPooling2D((2, 2)),
    tf.keras.layers.Flatten(),
    tf.keras.layers.Dense(2, activation=tf.nn.softmax),
])
model.compile(optimizer=tf.keras.optimizers.Adam(0.01), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(train, epochs=20, verbose=0)
print("accuracy", float(np.mean(model.predict(images / 255.0, verbose=0).argmax(1) == labels)))
