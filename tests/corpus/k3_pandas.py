import pandas as pd
import numpy as np
import keras
frame = pd.DataFrame({"age": np.arange(20), "height": np.linspace(1.5, 2.0, 20), "label": [0, 1] * 10})
features = frame.copy()
target = features.pop("label")
model = keras.Sequential([keras.layers.Dense(4, activation="relu"), keras.layers.Dense(1, activation="sigmoid")])
model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
model.fit(features, target, epochs=3, batch_size=4)
