# identity-shortcut: a code of 128 numbers for 64 pixels, and nothing that keeps it from copying.
# As is 3 of 3 seeds learn.
import keras
from keras import layers
from sklearn.datasets import load_digits

x, _ = load_digits(return_X_y=True)
x = x / 16.0

model = keras.Sequential([
    keras.Input((64,)),
    layers.Dense(128, activation="relu"),
    layers.Dense(64, activation="sigmoid"),
])
model.compile(optimizer="adam", loss="mse")
model.fit(x, x, batch_size=32, epochs=40, verbose=0)
print("loss", model.evaluate(x, x, verbose=0))
