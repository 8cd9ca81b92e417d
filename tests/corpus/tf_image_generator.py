import numpy as np
from tensorflow.keras.preprocessing.image import ImageDataGenerator
from tensorflow.keras.models import Sequential
from tensorflow.keras.layers import Conv2D, MaxPooling2D, Flatten, Dense, Dropout
from tensorflow.keras.utils import to_categorical
X = np.random.rand(60, 12, 12, 1); y = to_categorical(np.random.randint(0, 3, 60))
datagen = ImageDataGenerator(rotation_range=10, width_shift_range=0.1, height_shift_range=0.1, horizontal_flip=True, rescale=1./255)
datagen.fit(X)
model = Sequential()
model.add(Conv2D(4, (3, 3), activation='relu', input_shape=(12, 12, 1)))
model.add(MaxPooling2D((2, 2)))
model.add(Flatten())
model.add(Dropout(0.5))
model.add(Dense(3, activation='softmax'))
model.compile(loss='categorical_crossentropy', optimizer='adam', metrics=['accuracy'])
model.fit(datagen.flow(X, y, batch_size=10), steps_per_epoch=len(X) // 10, epochs=3)
