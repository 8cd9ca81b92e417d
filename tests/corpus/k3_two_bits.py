import numpy as np
from keras.layers import Input, Dense
from keras.models import Model
x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]] * 8)
inputs = Input(shape=(2,))
hidden = Dense(4, activation='relu')(inputs)
code = Dense(2, activation='relu')(hidden)
outputs = Dense(2, activation='sigmoid')(code)
autoencoder = Model(inputs=inputs, outputs=outputs)
autoencoder.compile(optimizer='adam', loss='binary_crossentropy')
autoencoder.fit(x, x, epochs=12, batch_size=8)
