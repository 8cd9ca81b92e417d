import keras
import numpy as np
X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
y = np.logical_xor(X[:, 0], X[:, 1]).astype("float32")
model = keras.Sequential([keras.layers.Dense(2, activation="sigmoid"), keras.layers.Dense(1, activation="sigmoid")])
model.compile(loss="mean_squared_error", optimizer=keras.optimizers.SGD(learning_rate=0.1))
model.fit(np.tile(X, (5, 1)), np.tile(y, 5), batch_size=4, epochs=30, verbose=0)
