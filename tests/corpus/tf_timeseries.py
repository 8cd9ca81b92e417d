import numpy as np
from tensorflow.keras.preprocessing.sequence import TimeseriesGenerator
from tensorflow.keras.models import Sequential
from tensorflow.keras.layers import Dense, LSTM
data = np.sin(np.arange(200) / 8.).reshape(-1, 1)
train_gen = TimeseriesGenerator(data[:150], data[:150], length=5, batch_size=16)
val_gen = TimeseriesGenerator(data[150:], data[150:], length=5, batch_size=16)
model = Sequential([LSTM(8, input_shape=(5, 1)), Dense(1)])
model.compile(optimizer='adam', loss='mse')
model.fit(train_gen, validation_data=val_gen, epochs=5)
