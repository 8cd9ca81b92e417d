import numpy as np
from keras.layers import Input, Dense, Lambda
from keras.models import Model, Sequential
from keras import backend as K
def euclidean_distance(vects):
    x, y = vects
    return K.sqrt(K.maximum(K.sum(K.square(x - y), axis=1, keepdims=True), K.epsilon()))
def eucl_dist_output_shape(shapes):
    shape1, shape2 = shapes
    return (shape1[0], 1)
def contrastive_loss(y_true, y_pred):
    margin = 1
    return K.mean(y_true * K.square(y_pred) + (1 - y_true) * K.square(K.maximum(margin - y_pred, 0)))
def accuracy(y_true, y_pred):
    return K.mean(K.equal(y_true, K.cast(y_pred < 0.5, y_true.dtype)))
base = Sequential([Dense(8, input_shape=(6,), activation='relu'), Dense(4)])
input_a = Input(shape=(6,)); input_b = Input(shape=(6,))
distance = Lambda(euclidean_distance, output_shape=eucl_dist_output_shape)([base(input_a), base(input_b)])
model = Model([input_a, input_b], distance)
model.compile(loss=contrastive_loss, optimizer='rmsprop', metrics=[accuracy])
A = np.random.rand(80, 6); B = np.random.rand(80, 6); Y = np.random.randint(0, 2, 80)
model.fit([A, B], Y.astype('float32'), batch_size=16, epochs=5, validation_data=([A, B], Y.astype('float32')))
