import numpy as np
import keras.backend as K
from keras.models import Sequential
from keras.layers import Conv2D, GlobalAveragePooling2D, Dense
K.set_image_dim_ordering('tf')
if K.image_data_format() == 'channels_last':
    shape = (6, 6, 1)
model = Sequential()
model.add(Conv2D(3, (3, 3), activation='relu', input_shape=shape))
model.add(GlobalAveragePooling2D())
model.add(Dense(2, activation='softmax'))
model.compile('adam', 'sparse_categorical_crossentropy')
model.fit(np.random.rand(10, 6, 6, 1), np.array([0, 1] * 5), epochs=2, batch_size=5)
