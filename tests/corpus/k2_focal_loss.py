import numpy as np
import keras.backend as K
from keras.models import Sequential
from keras.layers import Dense
def dice_coef(y_true, y_pred, smooth=1):
    y_true_f = K.flatten(y_true)
    y_pred_f = K.flatten(y_pred)
    intersection = K.sum(y_true_f * y_pred_f)
    return (2. * intersection + smooth) / (K.sum(y_true_f) + K.sum(y_pred_f) + smooth)
def dice_loss(y_true, y_pred):
    return 1 - dice_coef(y_true, y_pred)
def recall_m(y_true, y_pred):
    true_positives = K.sum(K.round(K.clip(y_true * y_pred, 0, 1)))
    possible_positives = K.sum(K.round(K.clip(y_true, 0, 1)))
    return true_positives / (possible_positives + K.epsilon())
def precision_m(y_true, y_pred):
    tp = K.sum(K.round(K.clip(y_true * y_pred, 0, 1)))
    return tp / (K.sum(K.round(K.clip(y_pred, 0, 1))) + K.epsilon())
def f1_m(y_true, y_pred):
    p = precision_m(y_true, y_pred); r = recall_m(y_true, y_pred)
    return 2*((p*r)/(p+r+K.epsilon()))
def focal_loss(gamma=2., alpha=.25):
    def focal_loss_fixed(y_true, y_pred):
        pt_1 = K.switch(K.equal(y_true, 1), y_pred, K.ones_like(y_pred))
        pt_0 = K.switch(K.equal(y_true, 0), y_pred, K.zeros_like(y_pred))
        return -K.mean(alpha * K.pow(1. - pt_1, gamma) * K.log(K.clip(pt_1, 1e-7, 1.))) - K.mean((1 - alpha) * K.pow(pt_0, gamma) * K.log(K.clip(1. - pt_0, 1e-7, 1.)))
    return focal_loss_fixed
model = Sequential()
model.add(Dense(10, input_dim=5, activation='relu'))
model.add(Dense(1, activation='sigmoid'))
model.compile(loss=[focal_loss(2, .25)], optimizer='adam', metrics=['acc', f1_m, precision_m, recall_m, dice_coef])
X = np.random.rand(100, 5); y = (X[:, 0] > .5).astype('float32')
model.fit(X, y, epochs=5, batch_size=10, verbose=0)
