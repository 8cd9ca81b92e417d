import keras
import numpy as np
encoder = keras.Sequential([keras.Input((6,)), keras.layers.Dense(3, activation="relu")], name="encoder")
decoder = keras.Sequential([keras.Input((3,)), keras.layers.Dense(6, activation="sigmoid")], name="decoder")
inputs = keras.Input((6,))
model = keras.Model(inputs, decoder(encoder(inputs)))
model.compile("adam", "binary_crossentropy")
x = np.random.rand(21, 6).round()
model.fit(x, x, epochs=3, batch_size=7)
