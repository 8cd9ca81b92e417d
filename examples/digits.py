"""Handwritten digits of 8 × 8 pixels through a code of 16 numbers."""

from keras import Input, Model
from keras.layers import Dense
from sklearn.datasets import load_digits

digits = (load_digits().data / 16).astype("float32")

input_ = Input((64,))
hidden = Dense(64, activation="relu")(input_)
code = Dense(16, activation="linear")(hidden)
hidden = Dense(64, activation="relu")(code)
output = Dense(64, activation="sigmoid")(hidden)

autoencoder = Model(input_, output)
autoencoder.compile(optimizer="adam", loss="binary_crossentropy")
autoencoder.fit(digits, digits, batch_size=32, epochs=40)

print(autoencoder.evaluate(digits, digits))
