import numpy
from keras.models import Sequential
from keras.layers import Dense
seed = 7
numpy.random.seed(seed)
X = numpy.random.rand(80, 8)
Y = (X[:, 0] > X[:, 1]).astype(int)
model = Sequential()
model.add(Dense(output_dim=12, input_dim=8, init='uniform', activation='relu'))
model.add(Dense(output_dim=8, init='uniform', activation='relu'))
model.add(Dense(output_dim=1, init='uniform', activation='sigmoid'))
model.compile(loss='binary_crossentropy', optimizer='adam', metrics=['accuracy'])
model.fit(X, Y, nb_epoch=15, batch_size=10, verbose=0)
scores = model.evaluate(X, Y)
print("%s: %.2f%%" % (model.metrics_names[1], scores[1]*100))
