"""Two bits, each sent three times, some of them flipped on the way: an error-correcting network."""

import numpy as np
from keras import Input, Model
from keras.layers import Dense
from keras.optimizers import Adam

rng = np.random.default_rng(0)
clean = np.repeat(rng.integers(0, 2, size=(4000, 2)), 3, axis=1).astype("float32")
flipped = rng.random(clean.shape) < 0.1
noisy = np.where(flipped, 1 - clean, clean)

input_ = Input((6,))
hidden = Dense(16, activation="tanh")(input_)
output = Dense(6, activation="sigmoid")(hidden)

denoiser = Model(input_, output)
denoiser.compile(optimizer=Adam(0.01), loss="binary_crossentropy")
denoiser.fit(noisy, clean, batch_size=64, epochs=20)

print(denoiser.predict(noisy[:4]).round(2), clean[:4])
