import itertools
import numpy as np
from keras import Input, Model
from keras.layers import Dense
rows = list(itertools.product([0, 1], repeat=3))
x = np.asarray(rows, dtype=np.int64)
parity = x.sum(axis=1) % 2
i = Input(batch_shape=(None, 3))
model = Model(i, Dense(1, "sigmoid")(Dense(4, "tanh")(i)))
model.compile(optimizer="Adam", loss="binary_crossentropy", metrics=["accuracy"])
model.fit(x, parity, epochs=20, batch_size=8, shuffle=False)
