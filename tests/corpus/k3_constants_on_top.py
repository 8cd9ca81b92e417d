import numpy as np
import keras

EPOCHS = 25
BATCH_SIZE = 4
LEARNING_RATE = 3e-3
HIDDEN = 6
LOSS = "mae"

x = np.random.rand(12, 3)
model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(HIDDEN, "gelu"), keras.layers.Dense(1)])
model.compile(optimizer=keras.optimizers.Nadam(LEARNING_RATE), loss=LOSS)
model.fit(x, x.mean(axis=1), batch_size=BATCH_SIZE, epochs=EPOCHS)
