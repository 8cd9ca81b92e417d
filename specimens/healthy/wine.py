# Wine, thirteen columns scaled, softmax over three kinds.
# As is 3 of 3 seeds learn.
import keras
from keras import layers
from sklearn.datasets import load_wine
from sklearn.preprocessing import scale
from sklearn.utils import shuffle

x, y = shuffle(*load_wine(return_X_y=True), random_state=0)
x = scale(x)

model = keras.Sequential([
    keras.Input((13,)),
    layers.Dense(16, activation="relu"),
    layers.Dense(3, activation="softmax"),
])
model.compile(optimizer=keras.optimizers.Adam(0.01), loss="sparse_categorical_crossentropy",
              metrics=["accuracy"])
model.fit(x, y, batch_size=16, epochs=40, validation_split=0.2, verbose=0)
print(model.evaluate(x, y, verbose=0))
