import numpy as np
import tensorflow.keras.backend as K
from tensorflow.keras.layers import Input, Dense, BatchNormalization
from tensorflow.keras.models import Model
from tensorflow.keras.optimizers import Adam
def dice(y_true, y_pred, smooth=1.):
    intersection = K.sum(y_true * y_pred)
    return 1 - (2. * intersection + smooth) / (K.sum(y_true) + K.sum(y_pred) + smooth)
i = Input((5,))
x = BatchNormalization()(Dense(4, activation='elu')(i))
m = Model(inputs=[i], outputs=[Dense(5, activation='sigmoid')(x)])
m.compile(optimizer=Adam(lr=1e-4), loss=dice)
m.fit(np.random.rand(16, 5), (np.random.rand(16, 5) > .5).astype('float32'), batch_size=4, epochs=3)
