import numpy as np
import keras
import matplotlib.pyplot as plt
x = np.linspace(-1, 1, 50)
y = np.sin(3 * x)
plt.plot(x, y)
plt.show()
model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(8, activation="tanh"), keras.layers.Dense(1)])
model.compile("adam", "mse")
history = model.fit(x, y, epochs=40, verbose=0)
plt.figure()
plt.plot(history.history["loss"])
plt.savefig("loss.png")
plt.show()
