# changed-defaults: written when Adadelta's default rate was 1.0; today it is 0.001.
# As is 0 of 3 seeds learn; with “learning rate 0.001 → 1” 3.
import numpy as np
from keras.models import Sequential
from keras.layers.core import Dense, Activation
from keras.optimizers import Adadelta

rng = np.random.RandomState(7)
X = rng.randn(400, 2)
Y = (np.hypot(X[:, 0], X[:, 1]) > 1.2).astype("float32")

model = Sequential()
model.add(Dense(output_dim=32, input_dim=2, init="glorot_uniform"))
model.add(Activation("tanh"))
model.add(Dense(output_dim=1))
model.add(Activation("sigmoid"))
model.compile(loss="binary_crossentropy", optimizer=Adadelta())
model.fit(X, Y, batch_size=8, nb_epoch=150, verbose=0)
print("loss %.3f" % model.evaluate(X, Y, verbose=0))
