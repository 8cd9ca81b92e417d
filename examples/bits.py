"""Eight patterns through three numbers: the 8-3-8 encoder. How wide must a code be?"""

import numpy as np
from keras import Input, Model
from keras.layers import Dense
from keras.optimizers import Adam

bits = 8
code = 3

patterns = np.eye(bits, dtype="float32")
inputs = np.tile(patterns, (32, 1))

input_ = Input((bits,))
encoded = Dense(code, activation="tanh")(input_)
output = Dense(bits, activation="sigmoid")(encoded)

autoencoder = Model(input_, output)
autoencoder.compile(optimizer=Adam(0.01), loss="binary_crossentropy")
autoencoder.fit(inputs, inputs, batch_size=8, epochs=200)

print(autoencoder.predict(patterns).round(2))
