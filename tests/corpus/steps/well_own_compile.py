"""Distillation: a compile of its own takes two losses and a weight."""
import numpy as np
import tensorflow as tf


class Distiller(tf.keras.Model):
    def __init__(self, student, teacher):
        super().__init__()
        self.student, self.teacher = student, teacher

    def compile(self, optimizer, metrics, student_loss_fn, distillation_loss_fn, alpha=0.3):
        super().compile(optimizer=optimizer, metrics=metrics)
        self.student_loss_fn = student_loss_fn
        self.distillation_loss_fn = distillation_loss_fn
        self.alpha = alpha

    def call(self, x):
        return self.student(x)

    def train_step(self, data):
        x, y = data
        soft = self.teacher(x, training=False)
        with tf.GradientTape() as tape:
            p = self.student(x, training=True)
            loss = self.alpha * self.student_loss_fn(y, p) + (1 - self.alpha) * self.distillation_loss_fn(soft, p)
        grads = tape.gradient(loss, self.student.trainable_variables)
        self.optimizer.apply_gradients(zip(grads, self.student.trainable_variables))
        return {"loss": loss, **self.compute_metrics(x, y, p)}


def net(width):
    return tf.keras.Sequential([tf.keras.Input((2,)), tf.keras.layers.Dense(width, activation="relu"), tf.keras.layers.Dense(3)])


tf.keras.utils.set_random_seed(43)
x = np.random.normal(size=(240, 2)).astype("float32")
y = np.digitize(x[:, 0], [-0.5, 0.5])
teacher = net(32)
teacher.compile(tf.keras.optimizers.Adam(0.02), tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True))
teacher.fit(x, y, epochs=20, batch_size=24, verbose=0)
teacher.trainable = False
model = Distiller(net(8), teacher)
model.compile(optimizer=tf.keras.optimizers.Adam(0.03), metrics=["accuracy"],
              student_loss_fn=tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True),
              distillation_loss_fn=tf.keras.losses.MeanSquaredError())
model.fit(x, y, epochs=30, batch_size=24, verbose=0)
print("accuracy", float(np.mean(model.student.predict(x, verbose=0).argmax(1) == y)))
