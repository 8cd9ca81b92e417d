# Iris, raw centimetres, softmax.
# As is 3 of 3 seeds learn.
import keras
from keras import layers
from sklearn.datasets import load_iris
from sklearn.utils import shuffle

x, y = shuffle(*load_iris(return_X_y=True), random_state=0)

model = keras.Sequential([
    keras.Input((4,)),
    layers.Dense(32, activation="relu"),
    layers.Dense(3, activation="softmax"),
])
model.compile(optimizer=keras.optimizers.Adam(0.01), loss="sparse_categorical_crossentropy",
              metrics=["accuracy"])
model.fit(x, y, batch_size=16, epochs=80, validation_split=0.2, verbose=0)
print(model.evaluate(x, y, verbose=0))
