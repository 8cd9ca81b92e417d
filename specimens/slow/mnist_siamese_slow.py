# The classic siamese network on pairs of hand-written digits, with a rate that is far too low.
# Within its first updates no seed has begun to learn.
import keras
import numpy as np
from keras import ops

rng = np.random.default_rng(0)
strokes = rng.random((10, 784), dtype="float32") < 0.2
digits = np.repeat(np.arange(10), 6000)
noise = rng.random((60000, 784), dtype="float32")
pictures = strokes[digits] * rng.random((60000, 784), dtype="float32") + 0.3 * noise
x_train = (pictures / 1.3).reshape(10, 6000, 784)

same = np.stack([x_train[:, :5400], x_train[:, 1:5401]], axis=2).reshape(-1, 2, 784)
other = np.stack([x_train[:, :5400], np.roll(x_train, 3, axis=0)[:, :5400]], axis=2).reshape(-1, 2, 784)
pairs = np.concatenate([same, other])
labels = np.concatenate([np.zeros(len(same)), np.ones(len(other))]).astype("float32")
order = rng.permutation(len(pairs))
pairs, labels = pairs[order], labels[order]


def contrastive(y_true, y_pred):
    """Hadsell et al. 2006: pairs of one digit lie together, others at least 1 apart."""
    return ops.mean((1 - y_true) * ops.square(y_pred) + y_true * ops.square(ops.maximum(1 - y_pred, 0)))


base = keras.Sequential([
    keras.Input((784,)),
    keras.layers.Dense(128, activation="relu"),
    keras.layers.Dropout(0.1),
    keras.layers.Dense(128, activation="relu"),
    keras.layers.Dropout(0.1),
    keras.layers.Dense(128, activation="relu"),
])
first, second = keras.Input((784,)), keras.Input((784,))
gap = keras.layers.Subtract()([base(first), base(second)])
distance = keras.layers.Lambda(
    lambda d: ops.sqrt(ops.maximum(ops.sum(ops.square(d), axis=1, keepdims=True), 1e-7)))(gap)
model = keras.Model([first, second], distance)
model.compile(loss=contrastive, optimizer=keras.optimizers.RMSprop(learning_rate=1e-7))
model.fit([pairs[:, 0], pairs[:, 1]], labels, batch_size=128, epochs=20, verbose=0)
