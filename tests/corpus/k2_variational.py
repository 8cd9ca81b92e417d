# A variational autoencoder as the examples of Keras 2 had it, with the losses in one function.
import numpy as np
from keras.layers import Input, Dense, Lambda
from keras.models import Model
from keras import backend as K

original_dim, latent_dim, intermediate_dim, batch_size = 8, 2, 6, 10
x = Input(shape=(original_dim,))
h = Dense(intermediate_dim, activation='relu')(x)
z_mean = Dense(latent_dim)(h)
z_log_var = Dense(latent_dim)(h)

def sampling(args):
    z_mean, z_log_var = args
    epsilon = K.random_normal(shape=(K.shape(z_mean)[0], latent_dim), mean=0., stddev=1.)
    return z_mean + K.exp(z_log_var / 2) * epsilon

z = Lambda(sampling, output_shape=(latent_dim,))([z_mean, z_log_var])
decoder_h = Dense(intermediate_dim, activation='relu')
decoder_mean = Dense(original_dim, activation='sigmoid')
x_decoded_mean = decoder_mean(decoder_h(z))
vae = Model(x, x_decoded_mean)
vae.compile(optimizer='rmsprop', loss='binary_crossentropy')
data = np.random.rand(50, original_dim)
vae.fit(data, data, shuffle=True, epochs=5, batch_size=batch_size)
