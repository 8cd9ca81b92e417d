from keras.models import Sequential
from keras.layers import Dense
from keras.objectives import mean_squared_error
from keras.initializations import uniform
import numpy as np
m = Sequential()
m.add(Dense(3, input_dim=3, W_regularizer='l2'))
m.compile(loss=mean_squared_error, optimizer='adagrad')
m.fit(np.eye(3), np.eye(3), batch_size=1)
