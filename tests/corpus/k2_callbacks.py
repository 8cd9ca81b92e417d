from keras.callbacks import EarlyStopping, ModelCheckpoint, TensorBoard, ReduceLROnPlateau
from keras.models import Sequential
from keras.layers import Dense
import numpy as np
x = np.random.rand(40, 3)
model = Sequential()
model.add(Dense(4, activation='relu', input_shape=(3,)))
model.add(Dense(3))
model.compile(optimizer='adam', loss='mse')
callbacks = [
    EarlyStopping(monitor='val_loss', patience=3, verbose=0),
    ModelCheckpoint('weights.{epoch:02d}-{val_loss:.2f}.hdf5', save_best_only=True, period=1),
    TensorBoard(log_dir='./logs', write_grads=True),
    ReduceLROnPlateau(monitor='val_loss', factor=0.2, patience=5, epsilon=1e-4),
]
model.fit(x, x, epochs=30, batch_size=8, validation_split=0.1, callbacks=callbacks)
