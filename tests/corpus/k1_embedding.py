import numpy as np
from keras.preprocessing import sequence
from keras.models import Sequential
from keras.layers import Dense, Embedding, LSTM
maxlen, max_features = 6, 30
X = sequence.pad_sequences([[1, 2], [3, 4, 5], [6]] * 6, maxlen=maxlen)
y = np.array([0, 1, 1] * 6)
model = Sequential()
model.add(Embedding(max_features, 8, input_length=maxlen, init='uniform'))
model.add(LSTM(output_dim=4, init='glorot_uniform', inner_init='orthogonal'))
model.add(Dense(1, activation='sigmoid'))
model.compile('adam', 'binary_crossentropy', metrics=['accuracy'])
model.fit(X, y, batch_size=6, nb_epoch=2)
