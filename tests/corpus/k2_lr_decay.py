from keras.models import Sequential
from keras.layers import Dense
from keras import optimizers
import numpy as np
learning_rate = 0.1
epochs = 50
x = np.random.rand(32, 3)
y = x.sum(axis=1)
model = Sequential([Dense(5, activation='relu', input_shape=(3,)), Dense(1)])
opt = optimizers.SGD(lr=learning_rate, momentum=0.8, decay=learning_rate / epochs, nesterov=False)
model.compile(loss='mean_squared_error', optimizer=opt)
history = model.fit(x, y, validation_split=0.25, epochs=epochs, batch_size=8, verbose=0)
