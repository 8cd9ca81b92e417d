"""Scripts as users write them, in the styles that interventions must be able to edit."""

TWO_BITS = "np.array([[0, 0], [0, 1], [1, 0], [1, 1]] * 5, dtype='float32')"

FUNCTIONAL = f"""\
import numpy as np
from keras import Input, Model
from keras.layers import Dense

x = {TWO_BITS}

inputs = Input(shape=(2,))
h = Dense(4, activation='relu')(inputs)   # the first layer
h = Dense(2, activation='relu')(h)
outputs = Dense(2, activation='sigmoid')(h)
autoencoder = Model(inputs, outputs)
autoencoder.compile(optimizer='adam', loss='binary_crossentropy')
autoencoder.fit(x, x, epochs=12, batch_size=8, shuffle=False, validation_split=0.2)
"""

SEQUENTIAL_LIST = f"""\
import numpy as np
import keras

EPOCHS = 12
HIDDEN = 4
LR = 1e-3
ACT = "relu"
x = {TWO_BITS}
optimizer = keras.optimizers.Adam(LR, clipnorm=1.0)
loss = keras.losses.BinaryCrossentropy()
model = keras.Sequential([
    keras.Input((2,)),
    keras.layers.Dense(HIDDEN, ACT),
    keras.layers.Dense(  # é: the middle layer
        2,
        activation="relu",  # nothing negative passes
        kernel_initializer="zeros",
        bias_initializer=keras.initializers.Constant(0.5),
    ),
    keras.layers.Dropout(0.5),
    keras.layers.Dense(2, activation="sigmoid"),
])
model.compile(optimizer=optimizer, loss=loss)
history = model.fit(x, x, batch_size=8,
                    epochs=EPOCHS, shuffle=False,
                    validation_split=.2)
"""

SEQUENTIAL_ADD = f"""\
import numpy as np
from keras.layers import Dense, Activation, Dropout, ReLU
from keras.models import Sequential
from keras.optimizers import SGD
from keras import regularizers

data = {TWO_BITS}
model = Sequential()
model.add(Dense(4, input_shape=(2,), kernel_regularizer=regularizers.l2(0.01)))
model.add(Activation("relu"))
model.add(Dropout(0.3))
model.add(Dense(2, activity_regularizer="l1"))
model.add(ReLU())
model.add(Dense(2))
model.add(Activation("sigmoid"))
model.compile(loss="mse", optimizer=SGD(0.01, momentum=0.9))
model.fit(data, data, 8, 12, validation_split=0.2, shuffle=False)
"""

INPUT_DIM = f"""\
import numpy as np
import keras
from keras import layers

x = {TWO_BITS} * [10, 1000]
y = x.sum(axis=1)


def make_model(units):
    model = keras.Sequential()
    model.add(layers.Dense(units, input_dim=2, activation="relu"))
    model.add(layers.Dense(units=2, activation="tanh"))
    model.add(layers.Dense(1, activation="relu"))
    return model


model = make_model(4)
model.compile("sgd", "mean_squared_error")
model.fit(x=x, y=y, epochs=12, batch_size=8, shuffle=False, validation_split=0.2)
"""

UNBUILT = f"""\
import numpy as np
from keras import Sequential, layers, optimizers, optimizers as opt

x = {TWO_BITS} * 50 - 20
y = np.stack([x[:, 0] * 3, x[:, 1] + 100], axis=1)
model = Sequential([layers.Dense(8, kernel_initializer="ones", activation="tanh"),
                    layers.Dense(4), layers.Dense(2)])
schedule = optimizers.schedules.ExponentialDecay(0.1, 10, 0.5)
model.compile(loss="mae", optimizer=opt.RMSprop(learning_rate=schedule))
model.fit(x, y, epochs=2)
"""

RECURRENT = """\
import numpy as np
import keras
from keras.layers import LSTM, Dense, GRU

rng = np.random.default_rng(0)
x = rng.normal(size=(20, 5, 3)) * [1.0, 100.0, 0.0] + 4
y = rng.integers(0, 2, size=20)
inputs = keras.Input((5, 3))
x1 = LSTM(4, return_sequences=True, dropout=0.2, recurrent_dropout=0.2)(inputs)
x2 = GRU(4, dropout=0.1)(x1)
hidden = Dense(6, "elu")(x2)
model = keras.Model(inputs, Dense(1, "relu")(hidden))
model.compile(loss="mse")
model.fit(x, y, epochs=2, batch_size=4)
"""

IMAGES = """\
import numpy as np
import keras
from keras import layers as L

rng = np.random.default_rng(0)
images = rng.integers(0, 256, size=(20, 8, 8, 1)).astype("uint8")
images[0, 0, 0] = 255
labels = np.repeat([0, 1, 2], [12, 4, 4])
model = keras.Sequential([
    L.Input((8, 8, 1)),
    L.Conv2D(4, 3, padding="same"),
    L.BatchNormalization(),
    L.ReLU(),
    L.Conv2D(6, 3, 1, 'same', activation='relu'),
    L.MaxPooling2D(),
    L.Flatten(),
    L.Dense(3, activation="softmax"),
])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(images, labels, epochs=2, batch_size=4)
"""

SUBCLASSED = f"""\
import numpy as np
import keras


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.first = keras.layers.Dense(4, activation="relu")
        self.drop = keras.layers.Dropout(0.4)
        self.last = keras.layers.Dense(2)

    def get_config(self):
        return {{}}

    def call(self, x, training=False):
        return self.last(self.drop(self.first(x), training=training))


x = {TWO_BITS}
net = Net()
net.compile(optimizer="adam", loss="mse")
net.fit(x, x, epochs=3)
"""

CALLBACKS = f"""\
import numpy as np
import keras
from keras.callbacks import EarlyStopping

x = {TWO_BITS}
stopping = EarlyStopping("loss", patience=2)
model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3, "relu"),
                          keras.layers.Dense(2, "sigmoid")])
model.compile("adam", "mse")
model.fit(x, x, epochs=9, batch_size=8, callbacks=[
    stopping,
    keras.callbacks.LearningRateScheduler(lambda epoch: 0.02 * 0.5 ** epoch),  # fast
    keras.callbacks.CSVLogger("log.csv"),
])
"""

LISTED = f"""\
import numpy as np
import keras

x = {TWO_BITS}
callbacks = [keras.callbacks.EarlyStopping(monitor="loss", patience=3)]
model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2, "sigmoid")])
model.compile(keras.optimizers.SGD(0.1), "mse")
model.fit(x, x, epochs=9, callbacks=callbacks)
"""

PLATEAU = f"""\
import numpy as np
import keras

x = {TWO_BITS}
model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2, "sigmoid")])
model.compile(keras.optimizers.SGD(0.1), "mse")
model.fit(x, x, epochs=9, callbacks=[keras.callbacks.ReduceLROnPlateau("loss", patience=1)],
          batch_size=5)
"""

GREY = """\
import numpy as np
import keras
from keras import layers

images = np.random.default_rng(0).integers(0, 17, size=(20, 6))
autoencoder = keras.Sequential([
    keras.Input((6,)),
    layers.Dense(4, activation="relu"),
    layers.Dense(6, activation="sigmoid"),
])
autoencoder.compile(optimizer="adam", loss="mse")
autoencoder.fit(images, images, epochs=2, batch_size=4, validation_data=(images, images))
print(autoencoder.predict(images))
"""

WRAPPED = """\
import numpy as np
import keras
from keras.layers import GRU, Bidirectional, Dense, RepeatVector, TimeDistributed

x = np.random.default_rng(0).normal(size=(20, 5, 2))
inputs = keras.Input((5, 2))
code = Bidirectional(GRU(3, activation="sigmoid", dropout=0.2))(inputs)
repeated = RepeatVector(5)(code)
outputs = TimeDistributed(Dense(2, activation="tanh"))(repeated)
model = keras.Model(inputs, outputs)
model.compile(loss="mse")
model.fit(x, x, epochs=2, batch_size=4)
"""

KERAS_1 = f"""\
import numpy as np
from keras.models import Sequential
from keras.layers.core import Dense, Dropout, Activation
from keras.optimizers import SGD
from keras.regularizers import l2

X = {TWO_BITS}
model = Sequential()
model.add(Dense(output_dim=4, input_dim=2, init='uniform', W_regularizer=l2(0.01)))
model.add(Activation('relu'))
model.add(Dropout(p=0.3))
model.add(Dense(output_dim=3, init='zero', activation='relu'))
model.add(Dense(2, activation='sigmoid'))
model.compile(loss='mse', optimizer=SGD(lr=0.01, decay=0.001, clipnorm=1.0))
model.fit(X, X, nb_epoch=12, batch_size=8, validation_split=0.2, shuffle=False)
"""

TF_KERAS = f"""\
import numpy as np
import tensorflow as tf
from tensorflow.keras import layers

x = {TWO_BITS} * 1.0
inputs = tf.keras.Input(shape=(2,))
h = tf.keras.layers.Dense(4, activation=tf.nn.relu)(inputs)
h = layers.Dropout(0.2)(h)
model = tf.keras.Model(inputs, layers.Dense(2, activation='sigmoid')(h))
model.compile(optimizer=tf.keras.optimizers.Adam(lr=1e-2, clipvalue=0.5), loss='binary_crossentropy')
model.fit(x, x, epochs=12, batch_size=8, validation_split=0.2, shuffle=False)
"""

SETTINGS = f"""\
import numpy as np
import keras
from keras import layers, losses, optimizers

x = {TWO_BITS} * [10, 1000] + [3, 5]
y = (x.sum(axis=1) > 1500).astype("float32")
weights = np.where(y > 0, 2.0, 0.0)
model = keras.Sequential([
    keras.Input((2,)),
    layers.Normalization(),
    layers.Dense(16, "relu", kernel_constraint="non_neg", bias_constraint="non_neg"),
    layers.BatchNormalization(momentum=0.995),
    layers.Dense(4, trainable=False, activation="relu", dtype="float16"),
    layers.Softmax(axis=0),
    layers.Dense(1, "sigmoid"),
])
loss = losses.BinaryCrossentropy(reduction="sum")
model.compile(optimizers.Adam(0.01, beta_1=0.5, epsilon=0.1), loss, loss_weights=[0.1])
model.fit(x, y, epochs=3, batch_size=8, sample_weight=weights)
"""

SHAPES = """\
import numpy as np
import keras
from keras import layers

rng = np.random.default_rng(0)
words = rng.integers(0, 50, size=(20, 6))
marks = (np.arange(20) % 4 == 0).reshape(20, 1, 1)
model = keras.Sequential()
model.add(keras.Input((6,)))
model.add(layers.Embedding(50, 4, trainable=False))
model.add(layers.Reshape((4, 6)))
model.add(layers.Conv1D(5, kernel_size=2, strides=2))
model.add(layers.MaxPooling1D(2))
model.add(layers.SimpleRNN(3, return_sequences=True))
model.add(layers.Dense(1, activation="sigmoid"))
model.compile("adam", "mse")
model.fit(words, marks, epochs=2)
"""

LOOPED = f"""\
import numpy as np
import keras
from keras import layers

x = {TWO_BITS}
y = x[:, 0]


def block(h, units, act="sigmoid"):
    h = layers.Dense(units, kernel_initializer="zeros")(h)
    h = layers.ReLU()(h)
    return layers.Dropout(0.2)(h)


inputs = keras.Input((2,))
h = block(inputs, 4)
h = block(h, 4)
for _ in range(3):
    h = layers.Dense(3, activation="sigmoid")(h)
model = keras.Model(inputs, layers.Dense(1, activation="sigmoid")(h))
model.compile("adam", "binary_crossentropy")
model.fit(x, y, epochs=3, batch_size=8)
"""

STYLES = {
    "functional": FUNCTIONAL,
    "list": SEQUENTIAL_LIST,
    "add": SEQUENTIAL_ADD,
    "input_dim": INPUT_DIM,
    "unbuilt": UNBUILT,
    "recurrent": RECURRENT,
    "images": IMAGES,
    "subclassed": SUBCLASSED,
    "keras_1": KERAS_1,
    "tf_keras": TF_KERAS,
    "grey": GREY,
    "wrapped": WRAPPED,
    "settings": SETTINGS,
    "shapes": SHAPES,
}
UNFOLDING = """\
import numpy as np
from keras import Model
from keras.layers import LSTM, Input, RepeatVector

LATENT = 3
x = np.random.default_rng(0).normal(size=(20, 4, 2))
inputs = Input((4, 2))
code = LSTM(LATENT)(inputs)
unfolded = LSTM(units=2, return_sequences=True)(RepeatVector(4)(code))
model = Model(inputs, unfolded)
model.compile("sgd", "mse")
model.fit(x, x, epochs=2, batch_size=5)
"""

SUMMING = """\
import numpy as np
import keras

x = np.random.default_rng(0).normal(size=(20, 4, 2))
model = keras.Sequential()
model.add(keras.Input((4, 2)))
model.add(keras.layers.GRU(1, "sigmoid"))
model.compile(loss="binary_crossentropy")
model.fit(x, x[:, 0, 0] > 0, epochs=2)
"""

PADDED = """\
import numpy as np
from keras.models import Sequential
from keras.layers import LSTM, Bidirectional, Dense, Embedding, SpatialDropout1D

x = np.random.default_rng(0).integers(1, 9, size=(20, 12))
x[:, 5:] = 0
model = Sequential()
model.add(Embedding(input_dim=9, output_dim=4, input_length=12))
model.add(SpatialDropout1D(0.2))
model.add(Bidirectional(LSTM(3)))
model.add(Dense(1, activation="sigmoid"))
model.compile("adam", "binary_crossentropy")
model.fit(x, x[:, 0] > 4, epochs=2)
"""

HEADS = """\
import numpy as np
import keras
from keras import layers

rng = np.random.default_rng(5)
x = rng.normal(size=(40, 3))
kind, price = (x[:, 0] > 0) + 0 + (x[:, 1] > 0), 1000 + 300 * x[:, 2]
inputs = keras.Input((3,))
h = layers.Dense(6, activation="tanh")(inputs)
first = layers.Dense(1, activation="sigmoid", name="kind")(h)
second = layers.Dense(1, activation="relu", name="price")(h)
model = keras.Model(inputs, [first, second])
model.compile("adam", loss=["mse", keras.losses.MeanSquaredError()], loss_weights=[1.0, 0.5])
model.fit(x, [kind, price], epochs=2, validation_data=(x, [kind, price]))
"""

NAMED_HEADS = """\
import numpy as np
import keras
from keras.layers import Activation, Dense, Input

x = np.random.default_rng(5).normal(size=(40, 3))
win, price = x[:, 0] > 0, 1000 + 300 * x[:, 2]
inputs = Input((3,))
h = Dense(6, activation="tanh")(inputs)
raw = Dense(1, name="raw")(h)
model = keras.Model(inputs, {"win": Dense(1)(h), "price": Activation("sigmoid")(raw)})
model.compile(loss={"win": "mse", "price": 'mae'}, optimizer="sgd")
weights = {"price": np.ones(40), "win": x[:, 1] ** 2}
model.fit(x, {"price": price, "win": win}, epochs=2, sample_weight=weights)
"""

LIKE_HEADS = """\
import numpy as np
import keras

x = np.random.default_rng(5).normal(size=(40, 3))
inputs = keras.Input((3,))
first = keras.layers.Dense(1, name="up")(inputs)
second = keras.layers.Dense(1, name="down")(inputs)
model = keras.Model(inputs, [first, second])
model.compile("sgd", "mae")
model.fit(x, {"down": 500 - x[:, 0], "up": x[:, 1] > 0}, epochs=2)
"""

TOWERS = """\
import numpy as np
import keras
from keras import layers

rng = np.random.default_rng(5)
age, city = rng.uniform(18, 90, 20), rng.integers(0, 4, 20)
price = 2000 * age + 60000 * city


def tower(h, width):
    return layers.Dense(width, activation="tanh")(h)


a = keras.Input((1,), name="years")
b = keras.Input((1,), name="place", dtype="int32")
c = keras.Input((1,), name="again")
where = layers.Flatten()(layers.Embedding(4, 2)(b))
h = tower(layers.Concatenate()([tower(a, 4), c, where]), 3)
model = keras.Model([a, b, c], layers.Dense(1)(h))
model.compile("adam", "mae")
model.fit({"place": city, "years": age, "again": -age}, price, epochs=2, batch_size=5)
"""

SPECIAL = {
    "looped": LOOPED, "unfolding": UNFOLDING, "summing": SUMMING, "padded": PADDED,
    "towers": TOWERS, "heads": HEADS, "named heads": NAMED_HEADS, "like heads": LIKE_HEADS,
}
"""For tests of their own: layers that one call makes, in a loop or in a function, of which only changes
of all are written; networks that end in a recurrent layer; padded sequences; several inputs; several
outputs."""
WITH_CALLBACKS = {"callbacks": CALLBACKS, "listed": LISTED, "plateau": PLATEAU}
"""Tried with the changes that touch callbacks or what they set; the others leave them as they are."""
