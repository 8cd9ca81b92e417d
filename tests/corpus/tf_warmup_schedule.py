import numpy as np
import tensorflow as tf

class CustomSchedule(tf.keras.optimizers.schedules.LearningRateSchedule):
    def __init__(self, d_model, warmup_steps=40):
        super().__init__()
        self.d_model = tf.cast(d_model, tf.float32)
        self.warmup_steps = warmup_steps

    def __call__(self, step):
        step = tf.cast(step, dtype=tf.float32) + 1.
        arg1 = tf.math.rsqrt(step)
        arg2 = step * (self.warmup_steps ** -1.5)
        return tf.math.rsqrt(self.d_model) * tf.math.minimum(arg1, arg2)

    def get_config(self):
        return {"d_model": float(self.d_model), "warmup_steps": self.warmup_steps}

optimizer = tf.keras.optimizers.Adam(CustomSchedule(16), beta_1=0.9, beta_2=0.98, epsilon=1e-9)
model = tf.keras.Sequential([tf.keras.layers.Embedding(12, 4), tf.keras.layers.GlobalMaxPooling1D(), tf.keras.layers.Dense(2)])
model.compile(optimizer, tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True))
model.fit(np.random.randint(0, 12, (30, 5)), np.random.randint(0, 2, 30), epochs=3)
