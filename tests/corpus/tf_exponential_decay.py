import tensorflow as tf, numpy as np
lr = tf.keras.optimizers.schedules.ExponentialDecay(1e-2, decay_steps=100, decay_rate=0.96, staircase=True)
model = tf.keras.Sequential()
model.add(tf.keras.Input(shape=(5,)))
model.add(tf.keras.layers.Dense(8, kernel_regularizer=tf.keras.regularizers.l2(0.01)))
model.add(tf.keras.layers.LeakyReLU(alpha=0.1))
model.add(tf.keras.layers.BatchNormalization())
model.add(tf.keras.layers.Dense(1))
def custom_loss(y_true, y_pred):
    return tf.reduce_mean(tf.math.abs(y_true - y_pred) + tf.square(y_true - y_pred))
model.compile(optimizer=tf.keras.optimizers.SGD(learning_rate=lr, clipnorm=1.0), loss=custom_loss, metrics=[tf.keras.metrics.RootMeanSquaredError(), 'mae'])
x = tf.random.normal((100, 5)); y = tf.reduce_sum(x, axis=1)
model.fit(x, y, epochs=5)
