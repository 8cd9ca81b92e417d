import numpy as np
from keras.models import Sequential
from keras.layers import Dense
model = Sequential()
model.add(Dense(2, input_shape=(2,)))
model.compile("sgd", "mse")
model.fit(np.eye(2), np.eye(2), 1, 7, 0)
