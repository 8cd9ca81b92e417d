"""The same autoencoder on just the four patterns: one row each."""

import numpy as np
from keras.layers import Dense, Input
from keras.models import Model

inputs = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype="float32")

input_dim = 2
encoded_dim = 4

input_ = Input(shape=(input_dim,))
encoded = Dense(encoded_dim, activation="relu")(input_)
decoded = Dense(input_dim, activation="relu")(encoded)
output = Dense(input_dim, activation="sigmoid")(decoded)

autoencoder = Model(input_, output)
autoencoder.compile(optimizer="adam", loss="binary_crossentropy")
autoencoder.fit(inputs, inputs, batch_size=8, epochs=12, validation_split=0.2)

print(autoencoder.predict(inputs).round(2))
