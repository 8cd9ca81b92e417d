# while True generator; steps_per_epoch = n // bs although n % bs != 0
import numpy as np
from keras.models import Sequential
from keras.layers import Dense, Input
X = np.random.rand(100, 4); Y = X.sum(axis=1)
def gen(bs=32):
    while True:
        for i in range(0, len(X), bs):
            yield X[i:i+bs], Y[i:i+bs]
model = Sequential([Input((4,)), Dense(8, activation='relu'), Dense(1)])
model.compile('adam', 'mse')
model.fit(gen(), steps_per_epoch=len(X) // 32, epochs=20, verbose=2)
