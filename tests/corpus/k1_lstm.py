import numpy as np
from keras.models import Sequential
from keras.layers.recurrent import LSTM
from keras.layers.core import Dense, Activation
x = np.random.rand(16, 6, 2)
y = x.sum(axis=(1, 2))
model = Sequential()
model.add(LSTM(5, input_shape=(6, 2), inner_activation='hard_sigmoid', dropout_W=0.1, dropout_U=0.1,
               forget_bias_init='one', consume_less='gpu'))
model.add(Dense(1))
model.add(Activation('linear'))
model.compile(loss='mse', optimizer='rmsprop')
model.fit(x, y, batch_size=4, nb_epoch=2)
