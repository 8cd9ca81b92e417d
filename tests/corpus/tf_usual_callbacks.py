import datetime
import numpy as np
import tensorflow as tf
strategy = tf.distribute.get_strategy()
with strategy.scope():
    schedule = tf.keras.optimizers.schedules.ExponentialDecay(1e-2, decay_steps=50, decay_rate=0.9)
    model = tf.keras.Sequential([
        tf.keras.layers.Dense(6, activation='elu', kernel_initializer='he_normal', input_shape=(4,)),
        tf.keras.layers.Dense(1)])
    model.compile(tf.keras.optimizers.Adam(learning_rate=schedule), loss='mse')
callbacks = [
    tf.keras.callbacks.EarlyStopping(monitor='val_loss', patience=5, restore_best_weights=True),
    tf.keras.callbacks.ReduceLROnPlateau(monitor='val_loss', factor=0.5, patience=40),
    tf.keras.callbacks.ModelCheckpoint('best.keras', save_best_only=True),
    tf.keras.callbacks.TensorBoard(log_dir='logs/' + datetime.datetime.now().strftime('%Y%m%d'))]
x = tf.random.normal((60, 4)); y = tf.reduce_sum(x, axis=1, keepdims=True)
model.fit(x, y, epochs=20, validation_split=0.2, batch_size=16 * strategy.num_replicas_in_sync, callbacks=callbacks, verbose=0)
