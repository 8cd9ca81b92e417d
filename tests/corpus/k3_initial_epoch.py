import numpy as np, keras
from keras import layers
x = np.random.rand(128, 3); y = (x.sum(1) > 1.5).astype(int)
m = keras.Sequential([layers.Dense(8, activation='relu'), layers.Dense(1, activation='sigmoid')])
m.compile(optimizer='adam', loss='binary_crossentropy', jit_compile=False, steps_per_execution=4, auto_scale_loss=False)
m.fit(x=x, y=y, epochs=12, initial_epoch=2, batch_size=8, verbose=2, class_weight={0: 1., 1: 3.})
