# unscaled-inputs: incomes of 50,000 drown ages of 40.
# As is 0 of 3 seeds learn; with “inputs scaled” 3.
import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(7)
age = rng.uniform(20, 70, size=400)
income = rng.uniform(20_000, 90_000, size=400)
x = np.stack([age, income], axis=1)
y = ((age - 45) / 15) * ((income - 55_000) / 20_000) > 0

model = keras.Sequential([
    keras.Input((2,)),
    layers.Dense(32, activation="relu"),
    layers.Dense(1, activation="sigmoid"),
])
model.compile(optimizer=keras.optimizers.Adam(0.01), loss="binary_crossentropy")
model.fit(x, y.astype("float32"), batch_size=16, epochs=80, verbose=0)
print("loss", model.evaluate(x, y.astype("float32"), verbose=0))
