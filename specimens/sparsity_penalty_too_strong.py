# sparsity-penalty-too-strong: an L1 of 10 on the code empties it.
# As is 0 of 3 seeds learn; with “no regularisers” 3.
import keras
from keras import layers, regularizers
from sklearn.datasets import load_digits

x, _ = load_digits(return_X_y=True)
x = x / 16.0

model = keras.Sequential([
    keras.Input((64,)),
    layers.Dense(32, activation="relu", activity_regularizer=regularizers.L1(10)),
    layers.Dense(64, activation="sigmoid"),
])
model.compile(optimizer="adam", loss="binary_crossentropy")
model.fit(x, x, batch_size=32, epochs=60, verbose=0)
print("loss", model.evaluate(x, x, verbose=0))
