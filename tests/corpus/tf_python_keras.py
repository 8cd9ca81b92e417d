from tensorflow.python.keras.models import Sequential
from tensorflow.python.keras.layers import Dense
from tensorflow.python.keras.optimizers import *
import numpy as np
model = Sequential()
model.add(Dense(2, activation='softmax', input_shape=(2,)))
model.compile(Adam(lr=0.05), loss='categorical_crossentropy')
model.fit(np.eye(2), np.eye(2), epochs=4)
