import numpy as np
from keras.models import Sequential
from keras.layers.core import Dense, Activation
from keras.layers.normalization import BatchNormalization
from keras.layers.advanced_activations import LeakyReLU, PReLU
from keras.layers.noise import GaussianNoise
x = np.random.randn(30, 4)
model = Sequential()
model.add(GaussianNoise(sigma=0.1, input_shape=(4,)))
model.add(Dense(6))
model.add(BatchNormalization(mode=0))
model.add(LeakyReLU(alpha=0.2))
model.add(Dense(6))
model.add(PReLU())
model.add(Dense(4))
model.compile(loss='mae', optimizer='nadam')
model.fit(x, x, nb_epoch=2)
