# plain loop of train_on_batch over one array
import numpy as np
import keras
from keras import layers
x = np.random.rand(200, 6).astype('float32'); y = x[:, :1] * 2 - x[:, 1:2]
model = keras.Sequential([keras.Input((6,)), layers.Dense(10, activation='relu'), layers.Dense(1)])
model.compile(optimizer='adam', loss='mse')
batch_size = 20
for epoch in range(10):
    idx = np.random.permutation(len(x))
    for i in range(0, len(x), batch_size):
        b = idx[i:i + batch_size]
        loss = model.train_on_batch(x[b], y[b])
    print('epoch', epoch, 'loss', loss)
