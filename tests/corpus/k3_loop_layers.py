import numpy as np
from keras import Sequential, layers
model = Sequential()
model.add(layers.Input((4,)))
for units in [8, 6, 4]:
    model.add(layers.Dense(units, activation="sigmoid"))
model.add(layers.Dense(4))
model.compile("sgd", "mse")
x = np.random.rand(16, 4)
model.fit(x, x, epochs=5, batch_size=4)
