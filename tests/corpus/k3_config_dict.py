import json
import numpy as np
import keras
config = json.loads('{"layers": [{"units": 3, "activation": "relu"}, {"units": 1}], "lr": 0.02, "epochs": 4}')
model = keras.Sequential([keras.Input((2,))] + [keras.layers.Dense(**layer) for layer in config["layers"]])
model.compile(keras.optimizers.get({"class_name": "Adam", "config": {"learning_rate": config["lr"]}}), "mse")
fit_args = dict(epochs=config["epochs"], batch_size=2)
model.fit(np.random.rand(10, 2), np.random.rand(10, 1), **fit_args)
