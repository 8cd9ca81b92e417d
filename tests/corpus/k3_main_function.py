import numpy as np
import keras
from keras import layers


def load_data(rows=48):
    rng = np.random.default_rng(1)
    x = rng.normal(size=(rows, 3))
    return x, (x.sum(axis=1) > 0).astype("int32")


def build_model(units: int) -> keras.Model:
    inputs = keras.Input(shape=(3,))
    x = layers.Dense(units, activation="relu")(inputs)
    return keras.Model(inputs, layers.Dense(2, activation="softmax")(x))


def main():
    x, y = load_data()
    model = build_model(units=7)
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x, y, batch_size=16, epochs=9)


if __name__ == "__main__":
    main()
