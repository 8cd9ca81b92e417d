"""Two data sets, early stopping and a plateau rule."""
import numpy as np
import tensorflow as tf

AUTOTUNE = tf.data.experimental.AUTOTUNE
tf.keras.utils.set_random_seed(24)
x = np.random.uniform(-1, 1, (260, 4)).astype("float32")
y = np.argmax(np.stack([x[:, 0], x[:, 1], x[:, 2]], axis=1), axis=1)
train = tf.data.Dataset.from_tensor_slices((x[:200], y[:200])).cache().shuffle(200).batch(20).prefetch(AUTOTUNE)
valid = tf.data.Dataset.from_tensor_slices((x[200:], y[200:])).batch(30)
model = tf.keras.Sequential([
    tf.keras.layers.Dense(32, activation="relu", input_shape=(4,)),
    tf.keras.layers.Dense(3),
])
model.compile(optimizer=tf.keras.optimizers.Adam(0.02), metrics=["sparse_categorical_accuracy"],
              loss=tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True))
model.fit(train, validation_data=valid, epochs=60, verbose=0, callbacks=[
    tf.keras.callbacks.EarlyStopping(monitor="val_loss", patience=12, restore_best_weights=True),
    tf.keras.callbacks.ReduceLROnPlateau(monitor="val_loss", factor=0.5, patience=6, min_lr=1e-4)])
print("accuracy", float(np.mean(model.predict(x, verbose=0).argmax(1) == y)))
