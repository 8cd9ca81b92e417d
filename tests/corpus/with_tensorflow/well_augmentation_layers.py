"""The augmentation stands in the network."""
import numpy as np
import tensorflow as tf
from tensorflow.keras import layers

tf.keras.utils.set_random_seed(26)
labels = np.random.randint(0, 2, 80)
images = np.random.randint(0, 60, (80, 8, 8, 1)).astype("float32")
for image, label in zip(images, labels):
    image[3:5] += 150 * label
    image[:, 3:5] += 150 * (1 - label)
augmentation = tf.keras.Sequential([layers.RandomFlip("horizontal_and_vertical"), layers.RandomContrast(0.1)])
model = tf.keras.Sequential([
    layers.Input(shape=(8, 8, 1)),
    layers.Rescaling(1.0 / 255),
    augmentation,
    layers.Conv2D(8, 3, padding="same", activation="relu"),
    layers.MaxPool2D(),
    layers.Flatten(),
    layers.Dense(1, activation="sigmoid"),
])
model.compile(optimizer=tf.keras.optimizers.Adam(0.01), loss=tf.keras.losses.BinaryCrossentropy(), metrics=["accuracy"])
model.fit(images, labels, epochs=15, batch_size=16, verbose=0)
print("accuracy", float(np.mean((model.predict(images, verbose=0)[:, 0] > 0.5) == labels)))
