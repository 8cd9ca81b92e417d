# Breast cancer: an adapted Normalization scales thirty columns of unlike size.
# As is 3 of 3 seeds learn.
import keras
from keras import layers
from sklearn.datasets import load_breast_cancer
from sklearn.utils import shuffle

x, y = shuffle(*load_breast_cancer(return_X_y=True), random_state=0)

scaled = layers.Normalization()
scaled.adapt(x)
model = keras.Sequential([
    keras.Input((30,)),
    scaled,
    layers.Dense(16, activation="relu"),
    layers.Dense(1, activation="sigmoid"),
])
model.compile(optimizer=keras.optimizers.Adam(0.005), loss="binary_crossentropy",
              metrics=["accuracy"])
model.fit(x, y, batch_size=32, epochs=30, verbose=0)
print(model.evaluate(x, y, verbose=0))
