"""What people hand to `fit` by mistake beside the arrays, or give to the network before it."""

from __future__ import annotations

from .bad_arrays import FIT, Case

ARGUMENTS = {
    # weights
    "sample weights too few": Case(
        "",
        said="The arrays are of different lengths: x has 64 rows (64,",
        fit=FIT + ", sample_weight=np.ones(60)",
    ),
    "sample weights 2-d": Case(
        "",
        said="Keras cannot train this model on these arrays",
        fit=FIT + ", sample_weight=np.ones((64, 3))",
    ),
    "sample weights zero": Case(
        "", facts=("no-gradient", "rows-without-weight"), fit=FIT + ", sample_weight=np.zeros(64)"
    ),
    "sample weights negative": Case(
        "", facts=("rows-without-weight",), fit=FIT + ", sample_weight=-np.ones(64)"
    ),
    "sample weights nan": Case(
        "", facts=("first-nan",), fit=FIT + ", sample_weight=np.full(64, np.nan)"
    ),
    "sample weights strings": Case(
        "",
        said="sample_weight has the dtype <U1, which does not hold",
        fit=FIT + ", sample_weight=np.full(64, 'a')",
    ),
    "sample weights list": Case(
        "",
        said="sample_weight is a list of Python values, which Keras 3",
        fit=FIT + ", sample_weight=[1.0] * 64",
    ),
    "sample weights number": Case(
        "", said="sample_weight is a float; fit takes arrays.", fit=FIT + ", sample_weight=2.0"
    ),
    "class weights without a class": Case("", fit=FIT + ", class_weight={0: 1.0}"),
    "class weights of others": Case("", fit=FIT + ", class_weight={7: 1.0}"),
    "class weights empty": Case("", fit=FIT + ", class_weight={}"),
    "class weights list": Case(
        "", said="class_weight must be a dict from class numbers to", fit=FIT + ", class_weight=[1, 2]"
    ),
    "class weights 'balanced'": Case(
        "",
        said="class_weight must be a dict from class numbers to",
        fit=FIT + ", class_weight='balanced'",
    ),
    "class weights nan": Case("", facts=("first-nan",), fit=FIT + ", class_weight={0: np.nan, 1: 1.0}"),
    "class weights negative": Case(
        "", facts=("rows-without-weight",), fit=FIT + ", class_weight={0: -1.0, 1: 1.0}"
    ),
    "class weights zero": Case(
        "", facts=("no-gradient", "rows-without-weight"), fit=FIT + ", class_weight={0: 0.0, 1: 0.0}"
    ),
    "class weights strings": Case(
        "",
        said="class_weight={'yes': 1.0} must be a dict from class",
        fit=FIT + ", class_weight={'yes': 1.0}",
    ),
    "class weights strings values": Case(
        "",
        said="class_weight={0: 'a', 1: 'b'} must be a dict from class",
        fit=FIT + ", class_weight={0: 'a', 1: 'b'}",
    ),
    "both weights": Case(
        "",
        said="fit takes class_weight or sample_weight, not both.",
        fit=FIT + ", class_weight={0: 1.0, 1: 1.0}, sample_weight=np.ones(64)",
    ),
    # numbers of fit
    "batch larger than rows": Case("", fit="x, y, batch_size=1000, epochs=3, verbose=0"),
    "batch 0": Case(
        "",
        said="batch_size=0 is not a whole number from 1 up.",
        fit="x, y, batch_size=0, epochs=3, verbose=0",
    ),
    "batch negative": Case(
        "",
        said="batch_size=-5 is not a whole number from 1 up",
        fit="x, y, batch_size=-5, epochs=3, verbose=0",
    ),
    "batch float": Case(
        "",
        said="batch_size=16.0 is not a whole number from 1 up.",
        fit="x, y, batch_size=16.0, epochs=3, verbose=0",
    ),
    "batch string": Case(
        "",
        said="batch_size='16' is not a whole number from 1 up.",
        fit="x, y, batch_size='16', epochs=3, verbose=0",
    ),
    "batch numpy": Case("", fit="x, y, batch_size=np.int64(16), epochs=3, verbose=0"),
    "batch True": Case("", fit="x, y, batch_size=True, epochs=3, verbose=0"),
    "0 epochs": Case("", said="fit(epochs=0) trains nothing.", fit="x, y, epochs=0, verbose=0"),
    "-1 epochs": Case("", said="fit(epochs=-1) trains nothing.", fit="x, y, epochs=-1, verbose=0"),
    "epochs float": Case(
        "", said="epochs=3.0 is not a whole number.", fit="x, y, epochs=3.0, verbose=0"
    ),
    "epochs half": Case("", said="epochs=2.5 is not a whole number", fit="x, y, epochs=2.5, verbose=0"),
    "epochs string": Case(
        "", said="epochs='3' is not a whole number.", fit="x, y, epochs='3', verbose=0"
    ),
    "epochs None": Case(
        "", said="epochs=None is no number of epochs.", fit="x, y, epochs=None, verbose=0"
    ),
    "initial epoch beyond": Case(
        "",
        said="fit(epochs=3, initial_epoch=5) trains nothing.",
        fit="x, y, epochs=3, initial_epoch=5, verbose=0",
    ),
    "steps 0": Case("", fit="x, y, epochs=3, steps_per_epoch=0, verbose=0"),
    "steps too many": Case("", fit="x, y, epochs=3, steps_per_epoch=1000, verbose=0"),
    "steps negative": Case(
        "",
        said="steps_per_epoch=-2 is not a whole number from 0 up.",
        fit="x, y, epochs=3, steps_per_epoch=-2, verbose=0",
    ),
    "split 1": Case(
        "",
        said="validation_split=1.0 is no share of the rows",
        fit=FIT + ", validation_split=1.0",
    ),
    "split 2": Case(
        "",
        said="validation_split=2.0 is no share of the rows, from 0 to",
        fit=FIT + ", validation_split=2.0",
    ),
    "split negative": Case(
        "",
        said="validation_split=-0.1 is no share of the rows, from 0",
        fit=FIT + ", validation_split=-0.1",
    ),
    "split tiny": Case("", fit=FIT + ", validation_split=0.001"),
    "split .999": Case(
        "",
        said="validation_split=0.999 of 64 rows leaves none to train",
        fit=FIT + ", validation_split=0.999",
    ),
    "split string": Case(
        "",
        said="validation_split='a' is no share of the rows, from 0 to",
        fit=FIT + ", validation_split='a'",
    ),
    "split of one row": Case(
        "x = x[:1]; y = y[:1]",
        said="validation_split=0.5 of 1 row leaves none to train on.",
        fit=FIT + ", validation_split=0.5",
    ),
    "validation data x only": Case(
        "", said="validation_data has no targets; it must be (x, y).", fit=FIT + ", validation_data=x"
    ),
    "validation data (x,)": Case(
        "",
        said="validation_data has no targets; it must be (x, y).",
        fit=FIT + ", validation_data=(x,)",
    ),
    "validation data 4": Case(
        "",
        said="validation_data must be (x, y) or (x, y, sample_weight).",
        fit=FIT + ", validation_data=(x, y, y, y)",
    ),
    "validation data lengths": Case(
        "",
        said="The arrays are of different lengths: validation_data: x",
        fit=FIT + ", validation_data=(x, y[:5])",
    ),
    "validation data empty": Case(
        "",
        said="validation_data: x has no rows",
        fit=FIT + ", validation_data=(x[:0], y[:0])",
    ),
    "validation data width": Case(
        "",
        said="validation_data: x has rows of (2,), but the rows of x",
        fit=FIT + ", validation_data=(x[:, :2], y)",
    ),
    "validation data nan": Case(
        "", facts=("nan-in-data",), fit=FIT + ", validation_data=(x * np.nan, y)"
    ),
    "validation data strings": Case(
        "",
        said="validation_data: x has the dtype <U32, which does not",
        fit=FIT + ", validation_data=(x.astype(str), y)",
    ),
    "validation data target width": Case(
        "",
        said="validation_data: y has rows of (2,), but the rows of y",
        fit=FIT + ", validation_data=(x, np.hstack([y, y]))",
    ),
    "shuffle batch": Case("", facts=("few-updates",), fit=FIT + ", shuffle='batch'", slow=True),
    "shuffle string": Case("", fit=FIT + ", shuffle='yes'"),
    "verbose string": Case("", fit="x, y, epochs=3, verbose='loud'"),
    "unknown argument": Case(
        "", said="train.py raised TypeError before any fit.", fit=FIT + ", learning_rate=3", raises=True
    ),
    "twice x": Case("", said="train.py raised TypeError before any fit.", fit="x, y, x=x", raises=True),
    # batches
    "endless generator": Case(
        "def batches():\n    while True:\n        yield x[:16], y[:16]",
        said="One epoch of a Python generator comes to more than 131,072 batches, and does not say",
        fit="batches(), epochs=3, verbose=0",
        slow=True,
    ),
    "endless with steps": Case(
        "def batches():\n    while True:\n        yield x[:16], y[:16]",
        facts=("same-batch",),
        fit="batches(), epochs=3, steps_per_epoch=4, verbose=0",
    ),
    "empty generator": Case(
        "def batches():\n    return\n    yield",
        said="The source of batches given to fit (a Python generator)",
        fit="batches(), epochs=3, verbose=0",
    ),
    "generator too short": Case(
        "def batches():\n    yield x[:16], y[:16]",
        said="The source of batches given to fit (a Python generator)",
        fit="batches(), epochs=3, steps_per_epoch=4, verbose=0",
    ),
    "generator raises": Case(
        "def batches():\n    yield x[:16], y[:16]\n    raise OSError('the disk is gone')",
        said="The source of batches given to fit (a Python generator)",
        fit="batches(), epochs=3, verbose=0",
    ),
    "generator of None": Case(
        "def batches():\n    while True:\n        yield None",
        said="A batch of a Python generator must be (x, y) or (x, y,",
        fit="batches(), epochs=3, steps_per_epoch=4, verbose=0",
    ),
    "generator of x": Case(
        "def batches():\n    while True:\n        yield x[:16]",
        said="The batches of a Python generator have no targets; they",
        fit="batches(), epochs=3, steps_per_epoch=4, verbose=0",
    ),
    "generator of strings": Case(
        "def batches():\n    while True:\n        yield 'a', 'b'",
        said="A batch of a Python generator has no rows: it holds 'a'",
        fit="batches(), epochs=3, steps_per_epoch=4, verbose=0",
    ),
    "generator of empty batches": Case(
        "def batches():\n    while True:\n        yield x[:0], y[:0]",
        said="A batch of a Python generator has no rows: it holds an",
        fit="batches(), epochs=3, steps_per_epoch=4, verbose=0",
    ),
    "generator of changing widths": Case(
        "def batches():\n    n = 0\n    while True:\n        n += 1\n        yield x[:16, :n "
        "% 3 + 1], y[:16]",
        said="The batches have rows of different shapes, such as (2,)",
        fit="batches(), epochs=3, steps_per_epoch=4, verbose=0",
    ),
    "generator of unequal": Case(
        "def batches():\n    while True:\n        yield x[:16], y[:10]",
        said="The arrays are of different lengths: x has 64 rows (64,",
        fit="batches(), epochs=3, steps_per_epoch=4, verbose=0",
    ),
    "generator of 5": Case(
        "def batches():\n    while True:\n        yield x, y, y, y, y",
        said="A batch of a Python generator must be (x, y) or (x, y,",
        fit="batches(), epochs=3, steps_per_epoch=4, verbose=0",
    ),
    "generator function": Case(
        "def batches():\n    yield x, y",
        said="fit was called without targets y. To learn the inputs",
        fit="batches, epochs=3, verbose=0",
    ),
    "generator and y": Case(
        "def batches():\n    yield x, y",
        said="fit was given a source of batches and y: the batches",
        fit="batches(), y, epochs=3, verbose=0",
    ),
    "generator nan": Case(
        "def batches():\n    while True:\n        yield x[:16] * np.nan, y[:16]",
        facts=("nan-in-data",),
        fit="batches(), epochs=3, steps_per_epoch=4, verbose=0",
    ),
    "PyDataset raises": Case(
        "class D(keras.utils.PyDataset):\n    def __len__(self): return 3\n    def "
        "__getitem__(self, i): raise IndexError(i)",
        said="The source of batches given to fit (a PyDataset) raised",
        fit="D(), epochs=3, verbose=0",
    ),
    "PyDataset len 0": Case(
        "class D(keras.utils.PyDataset):\n    def __len__(self): return 0\n    def "
        "__getitem__(self, i): return x, y",
        said="The source of batches given to fit (a PyDataset) ran",
        fit="D(), epochs=3, verbose=0",
    ),
    # losses, metrics, callbacks
    "loss vector": Case("model = network(lambda t, p: keras.ops.abs(t - p))", slow=True),
    "loss scalar": Case(
        "model = network(lambda t, p: keras.ops.mean(keras.ops.abs(t - p)))", slow=True
    ),
    "loss nan": Case(
        "model = network(lambda t, p: keras.ops.mean(t - p) * float('nan'))",
        facts=("first-nan",),
        slow=True,
    ),
    "loss inf": Case(
        "model = network(lambda t, p: keras.ops.mean(keras.ops.abs(t - p)) + float('inf'))",
        facts=("first-nan",),
        slow=True,
    ),
    "loss constant": Case("model = network(lambda t, p: 3.0)", facts=("no-gradient",), slow=True),
    "loss None": Case(
        "model = network(lambda t, p: None)",
        said="Keras cannot train this model on these arrays. x: (64,",
    ),
    "loss string": Case(
        "model = network(lambda t, p: 'a')",
        said="Keras cannot train this model on these arrays. x: (64,",
    ),
    "loss raises": Case(
        "def loss(t, p):\n    raise ValueError('not today')\nmodel = network(loss)",
        said="train.py, line 29: ValueError while the network was",
    ),
    "loss unknown": Case(
        "model = network('mean_sqared_error')",
        said="Keras knows no loss 'mean_sqared_error'.",
    ),
    "loss three arguments": Case(
        "model = network(lambda a, b, c: 0)",
        said="Keras cannot train this model on these arrays. x: (64,",
    ),
    "loss missing": Case("model = network(None)", said="The model was compiled without a loss. Write"),
    "not compiled": Case(
        "model = keras.Sequential([keras.layers.Dense(1)])",
        said="The model is not compiled: Keras says “You must call",
    ),
    "metric raises": Case(
        "def metric(t, p):\n    raise ValueError('not today')\nmodel = network(metrics=[metric])",
        said="train.py, line 29: ValueError while the network was",
    ),
    "metric vector": Case("model = network(metrics=[lambda t, p: keras.ops.abs(t - p)])"),
    "metric nan": Case("model = network(metrics=[lambda t, p: keras.ops.mean(t) * float('nan')])"),
    "metric unknown": Case(
        "model = network(metrics=['acuracy'])",
        said="Keras knows no metric 'acuracy'.",
    ),
    "metric string result": Case(
        "model = network(metrics=[lambda t, p: 'a'])",
        said="Keras cannot train this model on these arrays. x: (64,",
    ),
    "callback raises at begin": Case(
        "class C(keras.callbacks.Callback):\n    def on_train_begin(self, logs=None):\n      "
        "  raise ValueError('not today')",
        fit=FIT + ", callbacks=[C()]",
    ),
    "callback raises at epoch": Case(
        "class C(keras.callbacks.Callback):\n    def on_epoch_end(self, epoch, logs=None):\n "
        "       raise ValueError('not today')",
        fit=FIT + ", callbacks=[C()]",
    ),
    "callback no callback": Case(
        "",
        said="callbacks holds <built-in function print>, which is no",
        fit=FIT + ", callbacks=[print]",
    ),
    "callback string": Case(
        "", said="callbacks holds 'early', which is no callback of", fit=FIT + ", callbacks=['early']"
    ),
    "callback class": Case(
        "",
        said="callbacks holds the class EarlyStopping, not a",
        fit=FIT + ", callbacks=[keras.callbacks.EarlyStopping]",
    ),
    "callback one": Case("", fit=FIT + ", callbacks=keras.callbacks.EarlyStopping()", slow=True),
    "callback monitor unknown": Case(
        "",
        said="EarlyStopping watches 'val_acc', and Keras cannot tell",
        fit=FIT + ", callbacks=[keras.callbacks.EarlyStopping(monitor='val_acc')]",
    ),
    "schedule raises": Case(
        "def rate(epoch):\n    raise ValueError('not today')",
        said="The function of LearningRateScheduler raised ValueError",
        fit=FIT + ", callbacks=[keras.callbacks.LearningRateScheduler(rate)]",
    ),
    "schedule nan": Case(
        "",
        facts=("first-nan",),
        fit=FIT + ", callbacks=[keras.callbacks.LearningRateScheduler(lambda e: float('nan'))]",
    ),
    "schedule string": Case(
        "",
        said="The function of LearningRateScheduler gave 'a' in epoch",
        fit=FIT + ", callbacks=[keras.callbacks.LearningRateScheduler(lambda e: 'a')]",
    ),
    "learning rate nan": Case("model.optimizer.learning_rate = float('nan')", facts=("first-nan",)),
    "learning rate negative": Case(
        "model.optimizer.learning_rate = -1.0", facts=("odd-optimizer-settings",)
    ),
    "learning rate 1e30": Case("model.optimizer.learning_rate = 1e30", facts=("constant-output",)),
    "learning rate 0": Case("model.optimizer.learning_rate = 0.0", facts=("odd-optimizer-settings",)),
    "layer raises": Case(
        "class L(keras.layers.Layer):\n    def call(self, a):\n        raise ValueError('not "
        "today')\nmodel = keras.Sequential([L(), keras.layers.Dense(1)]); "
        "model.compile(loss='mse')",
        said="train.py, line 30: ValueError while the network was",
    ),
    "layer raises in training": Case(
        "class L(keras.layers.Layer):\n    def call(self, a, training=None):\n        if "
        "training:\n            raise ValueError('not today')\n        return a\nmodel = "
        "keras.Sequential([keras.Input((4,)), L(), keras.layers.Dense(1)]); "
        "model.compile(loss='mse')",
        said="train.py, line 31: ValueError while the network was",
    ),
    "layer nan": Case(
        "model = keras.Sequential([keras.Input((4,)), keras.layers.Lambda(lambda a: a * "
        "float('nan')), keras.layers.Dense(1)]); model.compile(loss='mse')",
        facts=("first-nan",),
        slow=True,
    ),
    "all frozen": Case(
        "model.trainable = False; model.compile(loss='binary_crossentropy')",
        facts=("frozen-layer",),
        slow=True,
    ),
    "no weights": Case(
        "model = keras.Sequential([keras.Input((4,)), keras.layers.Flatten()]); "
        "model.compile(loss='mse'); y = x",
        slow=True,
    ),
    "weights nan": Case(
        "model.set_weights([w * np.nan for w in model.get_weights()])", facts=("first-nan",)
    ),
    "string dtype policy": Case(
        "keras.config.set_dtype_policy('float64'); model = network()", slow=True
    ),
    "lazy": Case("model = keras.Sequential([keras.layers.Dense(1)]); model.compile(loss='mse')"),
    "two inputs, one given": Case(
        "a = keras.Input((4,)); b = keras.Input((4,)); model = keras.Model([a, b], "
        "keras.layers.Dense(1)(keras.layers.Add()([a, b]))); model.compile(loss='mse')",
        said="x holds 1 array, but the model takes 2 inputs.",
    ),
    "two outputs, one target": Case(
        "a = keras.Input((4,)); model = keras.Model(a, [keras.layers.Dense(1)(a), "
        "keras.layers.Dense(1)(a)]); model.compile(loss='mse')",
        said="The model has 2 outputs (",
    ),
    "conv with rows": Case(
        "model = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Conv2D(2, 3), "
        "keras.layers.Flatten(), keras.layers.Dense(1)]); model.compile(loss='mse')",
        said="x has the shape (64, 4), rows of (4), but the model's",
    ),
}
