# 2017: iris from a tutorial, with the data made here.
import numpy as np
from sklearn.preprocessing import LabelEncoder
from keras.models import Sequential
from keras.layers import Dense
from keras.utils import np_utils
X = np.random.rand(60, 4)
names = np.array(['setosa', 'versicolor', 'virginica'] * 20)
encoder = LabelEncoder()
encoder.fit(names)
dummy_y = np_utils.to_categorical(encoder.transform(names))
model = Sequential()
model.add(Dense(8, input_dim=4, activation='relu'))
model.add(Dense(3, activation='softmax'))
model.compile(loss='categorical_crossentropy', optimizer='adam', metrics=['accuracy'])
model.fit(X, dummy_y, epochs=20, batch_size=5, verbose=0)
print(model.predict_classes(X[:2]))
