# Handwritten digits of 8 by 8 pixels, dense.
# As is 3 of 3 seeds learn.
import keras
from keras import layers
from sklearn.datasets import load_digits

x, y = load_digits(return_X_y=True)
x = x / 16.0

model = keras.Sequential([
    keras.Input((64,)),
    layers.Dense(64, activation="relu"),
    layers.Dense(10, activation="softmax"),
])
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(x, y, batch_size=32, epochs=20, validation_split=0.1, verbose=0)
print(model.evaluate(x, y, verbose=0))
