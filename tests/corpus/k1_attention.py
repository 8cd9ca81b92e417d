from keras.models import Model
from keras.layers import Input, LSTM, Dense, RepeatVector, Permute, Activation, Multiply, Lambda, Flatten, multiply
import keras.backend as K
import numpy as np
T, F = 7, 3
inp = Input(shape=(T, F))
h = LSTM(8, return_sequences=True)(inp)
a = Dense(1, activation='tanh')(h)
a = Flatten()(a)
a = Activation('softmax')(a)
a = RepeatVector(8)(a)
a = Permute([2, 1])(a)
m = multiply([h, a])
c = Lambda(lambda xin: K.sum(xin, axis=-2), output_shape=(8,))(m)
out = Dense(1)(c)
model = Model(input=inp, output=out)
model.compile(optimizer='adam', loss='mse')
X = np.random.rand(48, T, F); y = X[:, 2, 0]
model.fit(X, y, nb_epoch=4, batch_size=12)
