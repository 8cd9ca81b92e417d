import keras
import numpy as np
from keras import layers
i = keras.Input((5,))
h = layers.Dense(4, activation="relu")(i)
model = keras.Model(i, [layers.Dense(1, name="value")(h), layers.Dense(3, activation="softmax", name="kind")(h)])
model.compile("adam", loss={"value": "mse", "kind": "sparse_categorical_crossentropy"},
              loss_weights={"value": 1.0, "kind": 0.5})
model.fit(np.random.rand(15, 5), {"value": np.random.rand(15), "kind": np.random.randint(0, 3, 15)}, epochs=2)
