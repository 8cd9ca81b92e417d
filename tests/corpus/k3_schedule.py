import keras
import numpy as np
schedule = keras.optimizers.schedules.CosineDecay(0.1, decay_steps=100)
model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
model.compile(optimizer=keras.optimizers.SGD(schedule, momentum=0.9), loss="mse")
model.fit(np.eye(2), np.eye(2), epochs=10, batch_size=1)
