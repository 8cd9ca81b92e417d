# mode-collapse: a generator at 0.05 runs after one output that a slow discriminator takes for real.
# As is 0 of 3 seeds learn.
import numpy as np
import tensorflow as tf

rng = np.random.default_rng(7)
centres = np.array([[2, 0], [-2, 0], [0, 2], [0, -2]], "float32")
x = (centres[rng.integers(0, 4, 256)] + 0.1 * rng.normal(size=(256, 2))).astype("float32")
crossentropy = tf.keras.losses.BinaryCrossentropy(from_logits=True)


class GAN(tf.keras.Model):
    def __init__(self, discriminator, generator):
        super().__init__()
        self.discriminator, self.generator = discriminator, generator

    def compile(self, d_optimizer, g_optimizer):
        super().compile()
        self.d_optimizer, self.g_optimizer = d_optimizer, g_optimizer

    def train_step(self, real):
        count = tf.shape(real)[0]
        fake = self.generator(tf.random.normal((count, 4)))
        labels = tf.concat([tf.zeros((count, 1)), tf.ones((count, 1))], axis=0)
        with tf.GradientTape() as tape:
            d_loss = crossentropy(labels, self.discriminator(tf.concat([fake, real], axis=0)))
        weights = self.discriminator.trainable_weights
        self.d_optimizer.apply_gradients(zip(tape.gradient(d_loss, weights), weights))
        noise = tf.random.normal((count, 4))
        with tf.GradientTape() as tape:
            g_loss = crossentropy(tf.ones((count, 1)), self.discriminator(self.generator(noise)))
        weights = self.generator.trainable_weights
        self.g_optimizer.apply_gradients(zip(tape.gradient(g_loss, weights), weights))
        return {"d_loss": d_loss, "g_loss": g_loss}


layers = tf.keras.layers
discriminator = tf.keras.Sequential([
    tf.keras.Input((2,)), layers.Dense(16, activation="relu"), layers.Dense(1),
])
generator = tf.keras.Sequential([
    tf.keras.Input((4,)), layers.Dense(16, activation="relu"), layers.Dense(2, activation="tanh"),
])
gan = GAN(discriminator, generator)
gan.compile(tf.keras.optimizers.Adam(1e-5), tf.keras.optimizers.Adam(0.05))
gan.fit(x, batch_size=32, epochs=40, verbose=0)
made = generator(tf.random.normal((256, 4))).numpy()
print("what is made up differs by", made.std(0).mean() / x.std(0).mean(), "of the rows")
