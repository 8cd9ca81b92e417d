# denoising-target-is-noisy: the noisy digits are their own targets; only the validation has clean ones.
# As is 3 of 3 seeds learn.
import keras
import numpy as np
from keras import layers
from sklearn.datasets import load_digits

x, _ = load_digits(return_X_y=True)
x = x / 16.0
noisy = np.clip(x + 0.5 * np.random.default_rng(0).normal(size=x.shape), 0, 1)

model = keras.Sequential([
    keras.Input((64,)),
    layers.Dense(128, activation="relu"),
    layers.Dense(64, activation="sigmoid"),
])
model.compile(optimizer="adam", loss="mse")
model.fit(noisy[:1500], noisy[:1500], batch_size=32, epochs=40,
          validation_data=(noisy[1500:], x[1500:]), verbose=0)
print("loss", model.evaluate(noisy, x, verbose=0))
