from keras import models, layers
import numpy as np
model = models.Sequential()
model.add(layers.Dense(3, activation='softmax', input_shape=(2,)))
model.compile(optimizer='rmsprop', loss='kullback_leibler_divergence', metrics=['acc', 'cosine_proximity'])
model.fit(np.random.rand(10, 2), np.full((10, 3), 1 / 3), epochs=2, batch_size=2)
