import keras
import numpy as np
x = np.random.rand(20, 3).astype("float16")
model = keras.Sequential([keras.layers.Dense(2)])
model.compile("adamw", keras.losses.Huber())
model.fit(x, x[:, :2], sample_weight=np.linspace(0.1, 1, 20), epochs=2, batch_size=5)
