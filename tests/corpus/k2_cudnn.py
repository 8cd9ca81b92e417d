from keras.models import Sequential
from keras.layers import CuDNNLSTM, Dense
import numpy as np
x = np.random.rand(8, 4, 3)
model = Sequential([CuDNNLSTM(4, input_shape=(4, 3)), Dense(1)])
model.compile('adam', 'mse')
model.fit(x, np.zeros(8), epochs=2, batch_size=4)
