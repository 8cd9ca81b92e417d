import argparse
import numpy as np
import keras
parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=6)
parser.add_argument("--lr", type=float, default=0.01)
parser.add_argument("--hidden", type=int, default=5)
args = parser.parse_args()
x = np.random.default_rng(0).normal(size=(30, 2))
model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(args.hidden, "relu"), keras.layers.Dense(2)])
model.compile(optimizer=keras.optimizers.Adam(args.lr), loss="mse")
model.fit(x, x, epochs=args.epochs, batch_size=10)
