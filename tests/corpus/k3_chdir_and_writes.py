import os, tempfile, logging
import numpy as np
import keras
from keras.callbacks import ModelCheckpoint, CSVLogger, EarlyStopping, LambdaCallback
logging.basicConfig(level=logging.INFO)
os.chdir(tempfile.mkdtemp())
np.savetxt("data.txt", np.random.rand(80, 5))
d = np.loadtxt("data.txt")
class Trainer(object):
    def __init__(self, d):
        self.X, self.Y = d[:, :4], d[:, 4]
        self.net = keras.models.Sequential()
        self.net.add(keras.layers.Dense(6, activation="selu", input_dim=4))
        self.net.add(keras.layers.Dense(1))
        self.net.compile("adam", "mae", metrics=["mse"])
    def run(self):
        self.net.fit(x=self.X, y=self.Y, epochs=8, batch_size=16, validation_split=0.1, verbose=0,
            callbacks=[ModelCheckpoint("best.keras", save_best_only=True), CSVLogger("log.csv"), EarlyStopping(patience=3), LambdaCallback(on_epoch_end=lambda e, l: print(e, l))])
        self.net.save("m.keras")
if __name__ == "__main__":
    Trainer(d).run()
