from keras.layers import Input, Dense
from keras.models import Model
from keras import regularizers
import numpy as np
i = Input(shape=(12,))
h = Dense(6, activation='relu', activity_regularizer=regularizers.activity_l1(10e-5))(i)
o = Dense(12, activation='sigmoid')(h)
ae = Model(input=i, output=o)
ae.compile(optimizer='adadelta', loss='binary_crossentropy')
x = np.random.rand(40, 12)
ae.fit(x, x, nb_epoch=10, batch_size=20)
