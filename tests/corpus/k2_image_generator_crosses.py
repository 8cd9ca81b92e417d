import numpy as np, keras
from keras.preprocessing.image import ImageDataGenerator
X = np.random.rand(64, 8, 8, 1); y = np.random.randint(0, 2, 64)
datagen = ImageDataGenerator(horizontal_flip=True, width_shift_range=0.1)
model = keras.Sequential([keras.layers.Flatten(input_shape=(8, 8, 1)), keras.layers.Dense(1, activation='sigmoid')])
model.compile('adam', 'binary_crossentropy')
model.fit_generator(datagen.flow(X, y, batch_size=10), steps_per_epoch=len(X) // 10, epochs=6)
