"""Two bits behind Gaussian noise: how much of it can any network take away?"""

import sys

import numpy as np
from keras import Input, Model
from keras.layers import Dense
from keras.optimizers import Adam

sigma = float(sys.argv[1]) if len(sys.argv) > 1 else 0.5

rng = np.random.default_rng(0)
clean = rng.integers(0, 2, size=(4000, 2)).astype("float32")
noisy = clean + sigma * rng.normal(size=clean.shape).astype("float32")

input_ = Input((2,))
hidden = Dense(16, activation="tanh")(input_)
output = Dense(2, activation="sigmoid")(hidden)

denoiser = Model(input_, output)
denoiser.compile(optimizer=Adam(0.01), loss="binary_crossentropy")
denoiser.fit(noisy, clean, batch_size=64, epochs=20)

print(denoiser.predict(noisy[:4]).round(2), clean[:4])
