"""What people hand to `fit` by mistake: arrays that are none, or that hold what makes no sense.

A case is a script of its own. Before its lines stand 64 rows `x` of 4 numbers, targets `y` of 0 and 1,
and a `model` that could learn them; after them stands `fit`.
"""

from __future__ import annotations

from dataclasses import dataclass

START = """\
import keras
import numpy as np

rng = np.random.default_rng(0)
x = rng.normal(size=(64, 4)).astype("float32")
y = (x.sum(axis=1, keepdims=True) > 0).astype("float32")


def network(loss="binary_crossentropy", units=1, end="sigmoid", width=4, **compiled):
    model = keras.Sequential([keras.Input((width,)), keras.layers.Dense(8, activation="relu"),
                              keras.layers.Dense(units, activation=end)])
    model.compile(loss=loss, optimizer="adam", **compiled)
    return model


def of_classes(loss):
    return network(loss, 3, "softmax")


def lookup():
    model = keras.Sequential([keras.Input((4,)), keras.layers.Embedding(10, 4),
                              keras.layers.Flatten(), keras.layers.Dense(1, "sigmoid")])
    model.compile(loss="binary_crossentropy")
    return model


model = network()
"""
FIT = "x, y, epochs=3, batch_size=16, verbose=0"


@dataclass(frozen=True)
class Case:
    """Lines before `fit`, its arguments, and what is said.

    `said` begins what is said where it is refused; where it is trained, `facts` are among the facts of
    the report. `raises`: the script itself raises. `slow` is what takes seconds.
    """

    lines: str
    said: str = ""
    facts: tuple[str, ...] = ()
    fit: str = FIT
    raises: bool = False
    slow: bool = False

    @property
    def script(self) -> str:
        """The whole script."""
        return f"{START}{self.lines}\nmodel.fit({self.fit})\n"


ARRAYS = {
    # numbers
    "nan in one input": Case("x[3, 1] = np.nan", facts=("nan-in-data",)),
    "all inputs nan": Case("x[:] = np.nan", facts=("nan-in-data",)),
    "a column of nan": Case("x[:, 2] = np.nan", facts=("nan-in-data",)),
    "nan in a target": Case("y[3] = np.nan", facts=("nan-in-data",)),
    "all targets nan": Case("y[:] = np.nan", facts=("nan-in-data",)),
    "inf in an input": Case("x[3, 1] = np.inf", facts=("nan-in-data",)),
    "minus inf": Case("x[3, 1] = -np.inf", facts=("nan-in-data",)),
    "inf in a target": Case("y[3] = np.inf", facts=("nan-in-data",)),
    "inputs 1e300": Case(
        "x = x.astype('float64') * 1e300", facts=("contradicting-rows", "nan-in-data")
    ),
    "inputs 1e30": Case("x = x * 1e30"),
    "targets 1e300": Case(
        "y = y.astype('float64') * 1e300; model = network('mse', end=None)", facts=("nan-in-data",)
    ),
    "targets 1e30": Case("y = y * 1e30; model = network('mse', end=None)", facts=("first-nan",)),
    "inputs 1e-40": Case("x = x * 1e-40", facts=("constant-output", "no-gradient")),
    "float16": Case("x = x.astype('float16'); y = y.astype('float16')"),
    "float16 overflow": Case("x = (x * 1e5).astype('float16')", facts=("nan-in-data",)),
    "float64": Case("x = x.astype('float64')"),
    "longdouble": Case(
        "x = x.astype('longdouble')", said="Keras cannot use these arrays: Invalid dtype: float128"
    ),
    "complex": Case(
        "x = x.astype('complex64')", said="x holds complex numbers (complex64), of which Keras's"
    ),
    "complex targets": Case(
        "y = y.astype('complex64')", said="y holds complex numbers (complex64), of which Keras's"
    ),
    "bool inputs": Case("x = x > 0", facts=("contradicting-rows",)),
    "bool targets": Case("y = y > 0"),
    "uint8": Case("x = (np.abs(x) * 80).astype('uint8')"),
    "int64 large": Case("x = (np.abs(x) * 1e18).astype('int64')"),
    "uint64 large": Case("x = (np.abs(x) * 4e18).astype('uint64')"),
    "big endian": Case("x = x.astype('>f4')"),
    "non contiguous": Case("x = np.asfortranarray(x)[::-1]"),
    "read only": Case("x.setflags(write=False)"),
    "masked array": Case("x = np.ma.masked_invalid(x)"),
    "np.matrix": Case("x = np.matrix(x)"),
    "memmap": Case("x.tofile('m'); x = np.memmap('m', 'float32', shape=(64, 4))"),
    "subclass with nan mask": Case("x = np.ma.masked_greater(x, 0)"),
    # kinds of values
    "object numbers": Case(
        "x = x.astype(object)", said="x has the dtype object, which does not hold numbers."
    ),
    "object mixed": Case(
        "x = x.astype(object); x[0, 0] = 'a'",
        said="x has the dtype object, which does not hold numbers.",
    ),
    "object None": Case(
        "x = x.astype(object); x[0, 0] = None",
        said="x has the dtype object, which does not hold numbers.",
    ),
    "ragged": Case(
        "x = np.array([list(range(n % 3 + 1)) for n in range(64)], dtype=object)",
        said="x has the dtype object, which does not hold numbers.",
    ),
    "strings": Case("x = x.astype(str)", said="x has the dtype <U32, which does not hold numbers."),
    "string targets": Case(
        "y = np.where(y > 0, 'yes', 'no')", said="y has the dtype <U3, which does not hold numbers."
    ),
    "bytes": Case("x = x.astype('S')", said="x has the dtype |S32, which does not hold numbers."),
    "dates": Case(
        "x = np.full((64, 4), '2020-01-01', 'datetime64[D]')",
        said="x holds times (datetime64[D]), which are no numbers to",
    ),
    "timedeltas": Case(
        "x = np.full((64, 4), 5, 'timedelta64[D]')",
        said="x holds durations (timedelta64[D]), which are no",
    ),
    "date targets": Case(
        "y = np.full((64, 1), '2020-01-01', 'datetime64[D]')",
        said="y holds times (datetime64[D]), which are no numbers to",
    ),
    "structured": Case(
        "x = np.zeros(64, [('a', 'f4'), ('b', 'f4')])",
        said="x is an array of records with fields (a, b); fit takes",
    ),
    "None x": Case("x = None", said="fit was called without x."),
    "None y": Case("y = None", said="fit was called without targets y. To learn the inputs"),
    "no y": Case(
        "", said="fit was called without targets y. To learn the inputs", fit="x, epochs=3, verbose=0"
    ),
    "list of lists": Case(
        "x = x.tolist()", said="x is a list of Python values, which Keras 3 does not"
    ),
    "list of lists y": Case(
        "y = y.ravel().tolist()", said="y is a list of Python values, which Keras 3 does not"
    ),
    "list of arrays": Case(
        "x = list(x)", said="x is a list of 64 arrays, one for each row, which Keras"
    ),
    "tuple": Case(
        "x = tuple(map(tuple, x))", said="x is a tuple of Python values, which Keras 3 does not"
    ),
    "list of arrays y": Case(
        "y = list(y)", said="y is a list of 64 arrays, one for each row, which Keras"
    ),
    "a set": Case("x = {1, 2, 3}", said="x is a set; fit takes arrays."),
    "a string": Case("x = 'data.csv'", said="x is a str; fit takes arrays."),
    "a path": Case(
        "import pathlib; x = pathlib.Path('data.csv')", said="x is a PosixPath; fit takes arrays."
    ),
    "a number": Case("x = 3.0", said="x is a float; fit takes arrays."),
    "0-d array": Case(
        "x = np.array(3.0)", said="x is a single number; fit takes an array with one row"
    ),
    "a function": Case("x = lambda: x", said="x is a function; fit takes arrays."),
    "a class": Case("class Rows:\n    pass\nx = Rows()", said="x is a Rows; fit takes arrays."),
    "a dict for sequential": Case(
        "x = {'a': x}", said="x has no entry 'input_layer', which is an input of the"
    ),
    "an empty dict": Case("x = {}", said="x holds no arrays."),
    "an empty list": Case("x = []", said="x is a list of Python values, which Keras 3 does not"),
    "a range": Case("x = range(64)", said="x is a range; fit takes arrays."),
    "map": Case("x = map(float, range(64))", said="x is a map; fit takes arrays."),
    "open file": Case("x = open(__file__)", said="x is a TextIOWrapper; fit takes arrays."),
    "x swapped with y": Case(
        "",
        said="x has the shape (64, 1), rows of (1), but the model's",
        fit="y, x, epochs=3, verbose=0",
    ),
    "x is the model": Case("x = model", said="x is a Sequential; fit takes arrays."),
    "keras tensor": Case("x = keras.Input((4,))", said="x is a KerasTensor, a place for data and none"),
    "jax array": Case("import jax.numpy as jnp; x = jnp.asarray(x)"),
    "keras variable": Case("x = keras.Variable(x)"),
    # shapes
    "no rows": Case("x = x[:0]; y = y[:0]", said="x has no rows: its shape is (0, 4)."),
    "no features": Case(
        "x = x[:, :0]; model = network(width=0)",
        said="x has rows without a number in them: its shape is (64,",
    ),
    "no features for a model of 4": Case(
        "x = x[:, :0]", said="x has rows without a number in them: its shape is (64,"
    ),
    "no targets": Case("y = y[:, :0]", said="y has rows without a number in them: its shape is (64,"),
    "one row": Case("x = x[:1]; y = y[:1]"),
    "two rows": Case("x = x[:2]; y = y[:2]", facts=("constant-targets",)),
    "lengths": Case("y = y[:60]", said="The arrays are of different lengths: x has 64 rows (64,"),
    "too many features": Case(
        "x = np.hstack([x, x])", said="x has the shape (64, 8), rows of (8), but the model's"
    ),
    "too few features": Case(
        "x = x[:, :3]", said="x has the shape (64, 3), rows of (3), but the model's"
    ),
    "1-d x": Case("x = x[:, 0]", said="x has the shape (64,), rows of (), but the model's"),
    "3-d x": Case("x = x[:, :, None]", slow=True),
    "4-d x": Case(
        "x = x[:, None, None, :]", said="x has the shape (64, 1, 1, 4), rows of (1, 1, 4), but"
    ),
    "transposed": Case("x = x.T", said="The arrays are of different lengths: x has 4 rows (4,"),
    "targets of another width": Case(
        "y = np.hstack([y, y, y])",
        said="binary_crossentropy compares y with the output number by number",
    ),
    "targets 1-d": Case("y = y.ravel()"),
    "targets 3-d": Case("y = y[:, :, None]", slow=True),
    "targets scalars repeated": Case(
        "y = np.float32(1)", said="y is a single number; fit takes an array with one row"
    ),
    "same object": Case(
        "",
        said="binary_crossentropy compares y with the output number by number",
        fit="x, x, epochs=3, verbose=0",
    ),
    # labels
    "negative labels": Case(
        "y = -np.ones((64,), int); model = of_classes('sparse_categorical_crossentropy')",
        facts=("constant-targets", "loss-does-not-suit-targets", "no-gradient"),
    ),
    "labels from 1": Case(
        "y = rng.integers(1, 4, 64); model = of_classes('sparse_categorical_crossentropy')",
        facts=("loss-does-not-suit-targets",),
    ),
    "labels too large": Case(
        "y = rng.integers(0, 100, 64); model = of_classes('sparse_categorical_crossentropy')",
        facts=("loss-does-not-suit-targets",),
    ),
    "label 2**62": Case(
        "y = np.full(64, 2**62); model = of_classes('sparse_categorical_crossentropy')",
        facts=(
            "constant-targets",
            "loss-does-not-suit-targets",
            "no-gradient",
            "values-merged-by-float32",
        ),
    ),
    "fractional labels": Case(
        "y = rng.random(64); model = of_classes('sparse_categorical_crossentropy')"
    ),
    "nan labels": Case(
        "y = np.full(64, np.nan); model = of_classes('sparse_categorical_crossentropy')",
        facts=("nan-in-data",),
        slow=True,
    ),
    "one-hot for sparse": Case(
        "y = np.eye(3)[rng.integers(0, 3, 64)]; model = of_classes('sparse_categorical_crossentropy')",
        said="y is one-hot, (64, 3)",
    ),
    "integers for categorical": Case(
        "y = rng.integers(0, 3, 64); model = of_classes('categorical_crossentropy')",
        said="y holds numbers of classes, (64,)",
    ),
    "targets above 1 for bce": Case("y = y * 5", facts=("loss-does-not-suit-targets",)),
    "negative for bce": Case("y = y * 2 - 1", facts=("loss-does-not-suit-targets",)),
    "negative for poisson": Case(
        "y = -y; model = network('poisson', end='softplus')", facts=("output-cannot-reach-targets",)
    ),
    "negative for msle": Case("y = y - 5; model = network('mean_squared_logarithmic_error', end=None)"),
    "zeros for mape": Case(
        "y = y * 0; model = network('mean_absolute_percentage_error', end=None)",
        facts=("constant-targets",),
    ),
    "constant targets": Case("y = np.ones_like(y)", facts=("constant-targets",)),
    "constant inputs": Case("x = np.ones_like(x)", facts=("constant-inputs", "constant-output")),
    "all the same rows": Case("x[:] = x[0]", facts=("constant-inputs", "constant-output")),
    "large ids": Case(
        "x = np.full((64, 4), 2**40); model = lookup()",
        facts=("constant-inputs", "constant-output", "embedding-out-of-range", "input-lost"),
        slow=True,
    ),
    "negative ids": Case(
        "x = np.full((64, 4), -1); model = lookup()",
        facts=("constant-inputs", "constant-output", "embedding-out-of-range", "input-lost"),
        slow=True,
    ),
    "fractional ids": Case(
        "model = lookup()",
        facts=("constant-output", "embedding-out-of-range"),
        slow=True,
    ),
    "nan ids": Case(
        "x[:] = np.nan; model = lookup()",
        facts=("constant-output", "embedding-out-of-range", "input-lost", "nan-in-data"),
        slow=True,
    ),
}
