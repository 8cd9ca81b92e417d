import numpy as np
import keras
from keras.layers import Dense, Input
from keras.models import Model
from keras.wrappers import SKLearnClassifier
from sklearn.datasets import make_classification
from sklearn.model_selection import cross_val_score

def build(X, y, loss="categorical_crossentropy"):
    inp = Input(X.shape[1:])
    out = Dense(16, activation="relu")(inp)
    out = Dense(y.shape[1] if y.ndim > 1 else 1, activation="softmax")(out)
    model = Model(inp, out)
    model.compile(loss=loss, optimizer="sgd", metrics=["accuracy"])
    return model

X, y = make_classification(n_samples=200, n_features=10, random_state=0)
est = SKLearnClassifier(model=build, fit_kwargs={"epochs": 5, "verbose": 0})
est.fit(X, y)
print(est.score(X, y))
