# code-too-narrow: one number is to hold pictures of 64 pixels.
# As is 0 of 3 seeds learn; with “dense_1: width 1 → 21” 3.
import keras
from keras import layers
from sklearn.datasets import load_digits

x, _ = load_digits(return_X_y=True)
x = x / 16.0

model = keras.Sequential([
    keras.Input((64,)),
    layers.Dense(64, activation="relu"),
    layers.Dense(1),
    layers.Dense(64, activation="relu"),
    layers.Dense(64, activation="sigmoid"),
])
model.compile(optimizer="adam", loss="mse")
model.fit(x, x, batch_size=32, epochs=30, verbose=0)
print("loss", model.evaluate(x, x, verbose=0))
