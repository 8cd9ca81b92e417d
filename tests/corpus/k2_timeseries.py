import numpy as np
from keras.preprocessing.sequence import TimeseriesGenerator
from keras.models import Sequential
from keras.layers import Dense, LSTM
data = np.sin(np.arange(200) / 8.).reshape(-1, 1)
n_input = 5
generator = TimeseriesGenerator(data, data, length=n_input, batch_size=8)
model = Sequential()
model.add(LSTM(10, activation='relu', input_shape=(n_input, 1)))
model.add(Dense(1))
model.compile(optimizer='adam', loss='mse')
model.fit_generator(generator, steps_per_epoch=1, epochs=20, verbose=0)
