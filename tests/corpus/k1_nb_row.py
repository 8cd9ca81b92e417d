import numpy as np
from keras.models import Sequential
from keras.layers import Convolution2D, Flatten, Dense
from keras.regularizers import l2
x = np.zeros((6, 5, 5, 2)); y = np.zeros((6, 1))
net = Sequential([
    Convolution2D(nb_filter=3, nb_row=2, nb_col=3, init='he_normal', W_regularizer=l2(1e-3),
                  bias=False, input_shape=(5, 5, 2)),
    Flatten(), Dense(1, W_constraint=None)])
net.compile('sgd', 'mse')
net.fit(x, y, 3, 2)
