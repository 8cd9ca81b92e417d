# 2016: small images, Theano's order of dimensions given the other way.
import numpy as np
from keras.models import Sequential
from keras.layers.core import Dense, Activation, Flatten
from keras.layers.convolutional import Convolution2D, MaxPooling2D
from keras.utils import np_utils

nb_classes = 3
images = np.random.rand(24, 8, 8, 1)
labels = np_utils.to_categorical(np.random.randint(0, nb_classes, 24), nb_classes)

model = Sequential()
model.add(Convolution2D(4, 3, 3, border_mode='same', dim_ordering='tf', input_shape=(8, 8, 1)))
model.add(Activation('relu'))
model.add(Convolution2D(4, 3, 3, subsample=(2, 2)))
model.add(MaxPooling2D(pool_size=(2, 2), border_mode='valid'))
model.add(Flatten())
model.add(Dense(nb_classes))
model.add(Activation('softmax'))
model.compile(loss='categorical_crossentropy', optimizer='adadelta', metrics=['accuracy'])
model.fit(images, labels, batch_size=8, nb_epoch=4, validation_data=(images, labels))
