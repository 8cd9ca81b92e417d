import numpy as np
from sklearn.model_selection import StratifiedKFold
from keras.models import Sequential
from keras.layers import Dense
seed = 7
X, Y = np.random.rand(40, 3), np.array([0, 1] * 20)
kfold = StratifiedKFold(n_splits=4, shuffle=True, random_state=seed)
cvscores = []
for train, test in kfold.split(X, Y):
    model = Sequential()
    model.add(Dense(5, input_dim=3, activation='relu'))
    model.add(Dense(1, activation='sigmoid'))
    model.compile(loss='binary_crossentropy', optimizer='adam', metrics=['accuracy'])
    model.fit(X[train], Y[train], epochs=6, batch_size=10, verbose=0)
    cvscores.append(model.evaluate(X[test], Y[test], verbose=0)[1])
