"""A schedule of its own: warm-up, then the reciprocal square root."""
import numpy as np
import tensorflow as tf


class WarmUp(tf.keras.optimizers.schedules.LearningRateSchedule):
    def __init__(self, scale, warmup_steps=40):
        super().__init__()
        self.scale = tf.cast(scale, tf.float32)
        self.warmup_steps = warmup_steps

    def __call__(self, step):
        step = tf.cast(step, tf.float32) + 1.0
        return self.scale * tf.math.minimum(tf.math.rsqrt(step), step * (self.warmup_steps ** -1.5))

    def get_config(self):
        return {"scale": float(self.scale), "warmup_steps": self.warmup_steps}


tf.keras.utils.set_random_seed(27)
x = np.random.uniform(-1, 1, (200, 2)).astype("float32")
y = np.hypot(x[:, :1], x[:, 1:]).astype("float32")
model = tf.keras.Sequential([tf.keras.layers.Dense(32, activation="gelu", input_shape=(2,)),
                             tf.keras.layers.Dense(32, activation="gelu"), tf.keras.layers.Dense(1)])
model.compile(tf.keras.optimizers.Adam(WarmUp(0.1), beta_1=0.9, beta_2=0.98, epsilon=1e-9), loss="mae")
model.fit(x, y, batch_size=20, epochs=60, verbose=0)
p = model.predict(x, verbose=0)
print("r2", 1 - float(np.sum((y - p) ** 2) / np.sum((y - y.mean()) ** 2)))
