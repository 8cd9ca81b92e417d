'''The autoencoder that so many started from.'''
from keras.layers import Input, Dense
from keras.models import Model
import numpy as np

encoding_dim = 4
input_img = Input(shape=(16,))
encoded = Dense(encoding_dim, activation='relu')(input_img)
decoded = Dense(16, activation='sigmoid')(encoded)
autoencoder = Model(input=input_img, output=decoded)
encoder = Model(input=input_img, output=encoded)
autoencoder.compile(optimizer='adadelta', loss='binary_crossentropy')

x_train = np.random.rand(64, 16).astype('float32')
x_test = np.random.rand(16, 16).astype('float32')
autoencoder.fit(x_train, x_train,
                nb_epoch=50,
                batch_size=32,
                shuffle=True,
                validation_data=(x_test, x_test))
decoded_imgs = encoder.predict(x_test)
