import pandas as pd
import numpy as np
from keras.models import Sequential
from keras.layers import Dense, Input
df = pd.DataFrame(np.random.rand(25, 4), columns=list("abcy"))
X = df.drop("y", axis=1).values
y = df["y"].values
model = Sequential([Input((X.shape[1],)), Dense(3, activation="relu"), Dense(1)])
model.compile(loss="mae", optimizer="rmsprop")
model.fit(X, y, epochs=2, validation_split=0.2)
