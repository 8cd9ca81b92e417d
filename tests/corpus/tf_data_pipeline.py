import numpy as np
import tensorflow as tf
BATCH_SIZE, AUTOTUNE = 10, tf.data.AUTOTUNE
images = np.random.randint(0, 256, (50, 6, 6, 3)).astype('uint8')
labels = np.random.randint(0, 4, 50)

def prepare(image, label):
    image = tf.image.resize(tf.cast(image, tf.float32), (4, 4)) / 255.
    return image, tf.one_hot(label, depth=4)

train_ds = (tf.data.Dataset.from_tensor_slices((images[:40], labels[:40]))
            .map(prepare, num_parallel_calls=AUTOTUNE).cache().shuffle(40).batch(BATCH_SIZE).prefetch(AUTOTUNE))
val_ds = tf.data.Dataset.from_tensor_slices((images[40:], labels[40:])).map(prepare).batch(BATCH_SIZE)
model = tf.keras.Sequential([
    tf.keras.layers.Conv2D(2, 3, activation='relu', input_shape=(4, 4, 3)),
    tf.keras.layers.Flatten(),
    tf.keras.layers.Dense(4)])
model.compile(optimizer='adam', loss=tf.keras.losses.CategoricalCrossentropy(from_logits=True), metrics=['accuracy'])
model.fit(train_ds, validation_data=val_ds, epochs=3)
