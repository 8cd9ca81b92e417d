# early-stopping-impatient: one epoch without a better loss ends it; XOR's plateau has many.
# As is 0 of 3 seeds learn; with “no early stopping” 3.
import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(7)
x = rng.normal(size=(400, 2)).astype("float32")
y = (x[:, 0] * x[:, 1] > 0).astype("float32")

model = keras.Sequential([
    keras.Input((2,)),
    layers.Dense(32, activation="relu"),
    layers.Dense(1, activation="sigmoid"),
])
model.compile(optimizer="adam", loss="binary_crossentropy")
stop = keras.callbacks.EarlyStopping(monitor="loss", min_delta=0.02, patience=1)
model.fit(x, y, batch_size=16, epochs=100, callbacks=[stop], verbose=0)
print("loss", model.evaluate(x, y, verbose=0))
