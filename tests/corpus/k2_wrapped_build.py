import numpy as np
from keras.models import Sequential
from keras.layers import Dense, Dropout
from keras.optimizers import Adam
from keras.constraints import maxnorm

def create_baseline():
    model = Sequential()
    model.add(Dropout(0.2, input_shape=(6,)))
    model.add(Dense(6, kernel_initializer='normal', activation='relu', kernel_constraint=maxnorm(3)))
    model.add(Dense(1, kernel_initializer='normal', activation='sigmoid'))
    model.compile(loss='binary_crossentropy', optimizer=Adam(lr=0.01), metrics=['accuracy'])
    return model

if __name__ == '__main__':
    X, y = np.random.rand(30, 6), np.random.randint(0, 2, 30)
    estimator = create_baseline()
    estimator.fit(X, y, epochs=10, batch_size=5, verbose=0)
