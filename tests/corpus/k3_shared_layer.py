import keras
import numpy as np
from keras import layers
shared = layers.Dense(4, activation="relu", name="tower")
left, right = keras.Input((3,)), keras.Input((3,))
merged = layers.Subtract()([shared(left), shared(right)])
siamese = keras.Model([left, right], layers.Dense(1, activation="sigmoid")(merged))
siamese.compile("adam", "binary_crossentropy")
siamese.fit([np.random.rand(10, 3), np.random.rand(10, 3)], np.random.randint(0, 2, 10), epochs=2, batch_size=5)
