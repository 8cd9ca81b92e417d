"""An L2 penalty that outweighs everything else."""
import numpy as np
import tensorflow as tf

L = tf.keras.layers
tf.keras.utils.set_random_seed(11)
x = np.random.normal(size=(150, 4)).astype("float32")
y = (x @ np.array([[1.0], [-1.0], [2.0], [0.5]])).astype("float32")
penalty = tf.keras.regularizers.l2(l2=1.0)
model = tf.keras.Sequential([
    L.InputLayer(input_shape=(4,)),
    L.Dense(8, activation="selu", kernel_regularizer=penalty),
    L.Dense(1, kernel_regularizer=penalty),
])
model.compile(optimizer=tf.optimizers.Adam(learning_rate=0.02), loss=tf.keras.losses.LogCosh())
model.fit(x, y, batch_size=15, epochs=40, verbose=0)
p = model.predict(x, verbose=0)
print("r2", 1 - float(np.sum((y - p) ** 2) / np.sum((y - y.mean()) ** 2)))
