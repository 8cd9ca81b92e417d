from keras.models import Sequential
from keras.layers import Dense
from keras.losses import kullback_leibler_divergence
import numpy as np
model = Sequential([Dense(3, activation='softmax', input_shape=(2,))])
model.compile(loss=kullback_leibler_divergence, optimizer='sgd')
model.fit(np.random.rand(10, 2), np.full((10, 3), 1 / 3), epochs=2)
