import math
import numpy as np
from keras.models import Sequential
from keras.layers import Dense
from keras.optimizers import SGD
from keras.callbacks import LearningRateScheduler, ReduceLROnPlateau, TerminateOnNaN, History, Callback
import keras.backend as K
def step_decay(epoch):
    return 0.1 * math.pow(0.5, math.floor((1+epoch)/10.0))
class LossHistory(Callback):
    def on_train_begin(self, logs={}):
        self.losses = []
    def on_batch_end(self, batch, logs={}):
        self.losses.append(logs.get('loss'))
        lr = K.get_value(self.model.optimizer.lr)
X = np.random.rand(90, 34); Y = np.random.randint(0, 2, 90).astype(float)
model = Sequential()
model.add(Dense(34, input_dim=34, kernel_initializer='normal', activation='relu'))
model.add(Dense(1, kernel_initializer='normal', activation='sigmoid'))
sgd = SGD(lr=0.0, momentum=0.9, decay=0.0, nesterov=False)
model.compile(loss='binary_crossentropy', optimizer=sgd, metrics=['accuracy'])
history = History()
K.set_value(model.optimizer.lr, 0.05)
model.fit(X, Y, validation_split=0.33, epochs=20, batch_size=28, callbacks=[LearningRateScheduler(step_decay), LossHistory(), history], verbose=2)
