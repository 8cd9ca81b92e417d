import numpy as np
import tensorflow as tf
x = np.random.rand(20, 8, 8, 3).astype(np.float32)
y = np.random.randint(0, 2, (20, 1))

@tf.function
def augment(image, label):
    image = tf.image.random_flip_left_right(image)
    image = tf.image.random_brightness(image, max_delta=0.1)
    image = tf.image.random_contrast(image, lower=0.9, upper=1.1)
    image = tf.clip_by_value(image, 0.0, 1.0)
    image = tf.image.random_crop(image, size=[6, 6, 3])
    return tf.image.rgb_to_grayscale(image), label

ds = tf.data.Dataset.from_tensor_slices((x, y)).map(augment).batch(5)
model = tf.keras.Sequential()
model.add(tf.keras.layers.Flatten(input_shape=(6, 6, 1)))
model.add(tf.keras.layers.Dense(1, activation='sigmoid'))
model.compile(loss='binary_crossentropy', optimizer='rmsprop')
model.fit(ds, epochs=2)
