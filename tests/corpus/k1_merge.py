import numpy as np
from keras.layers import Input, Dense, merge
from keras.models import Model
a = Input(shape=(3,), name='left')
b = Input(shape=(2,), name='right')
both = merge([a, b], mode='concat')
out = Dense(1, activation='sigmoid')(both)
model = Model(input=[a, b], output=out)
model.compile(optimizer='rmsprop', loss='binary_crossentropy')
model.fit([np.random.rand(20, 3), np.random.rand(20, 2)], np.random.randint(0, 2, 20), nb_epoch=3, batch_size=5)
