"""Each part of a recipe is traced to the call in the script that made it."""

from __future__ import annotations

import textwrap

import pytest

from unstuck.base.errors import NoFitCall, NotSupported
from unstuck.capture import capture_script

SITES = {
    "functional": (
        """\
        i = keras.Input((2,), name="in")
        h = layers.Dense(4, activation="relu", name="a")(i)
        model = keras.Model(i, layers.Dense(2, name="b")(h))
        model.compile("sgd", "mse")
        """,
        {"layer:in": 'keras.Input((2,), name="in")',
         "layer:a": 'layers.Dense(4, activation="relu", name="a")',
         "layer:b": 'layers.Dense(2, name="b")',
         "compile": 'model.compile("sgd", "mse")'},
    ),
    "a list": (
        """\
        model = keras.Sequential([layers.Dense(4, name="a"), layers.Dense(2, name="b")])
        model.compile(loss="mse")
        """,
        {"layer:a": 'layers.Dense(4, name="a")', "layer:b": 'layers.Dense(2, name="b")',
         "compile": 'model.compile(loss="mse")'},
    ),
    "add": (
        """\
        model = keras.Sequential()
        model.add(layers.Dense(2, input_shape=(2,), name="a"))
        model.compile(loss="mse")
        """,
        {"layer:a": 'layers.Dense(2, input_shape=(2,), name="a")',
         "compile": 'model.compile(loss="mse")'},
    ),
    "a helper function": (
        """\
        def head(units):
            return layers.Dense(units, name="a")
        def build():
            model = keras.Sequential([head(2)])
            model.compile(loss="mse")
            return model
        model = build()
        """,
        {"layer:a": 'layers.Dense(units, name="a")', "compile": 'model.compile(loss="mse")'},
    ),
    "a loop": (
        """\
        model = keras.Sequential()
        for _ in range(2):
            model.add(layers.Dense(3))
        model.add(layers.Dense(2, name="out"))
        model.compile(loss="mse")
        """,
        {"layer:dense": "layers.Dense(3)", "layer:dense_1": "layers.Dense(3)",
         "layer:out": 'layers.Dense(2, name="out")', "compile": 'model.compile(loss="mse")'},
    ),
    "objects": (
        """\
        model = keras.Sequential([layers.Dense(2, name="a")])
        opt = keras.optimizers.Adam(
            learning_rate=0.01,
        )
        loss = keras.losses.MeanSquaredError()
        model.compile(optimizer=opt, loss=loss)
        """,
        {"layer:a": 'layers.Dense(2, name="a")',
         "optimizer": "keras.optimizers.Adam(\\n    learning_rate=0.01,\\n)",
         "loss": "keras.losses.MeanSquaredError()",
         "compile": "model.compile(optimizer=opt, loss=loss)"},
    ),
    "several lines, other letters": (
        """\
        é = "ü"; model = keras.Sequential([layers.Dense(2, name="ß"), layers.Dense(
            2, # ö
            name="ö",
        )]); model.compile(loss="mse")
        """,
        {"layer:ß": 'layers.Dense(2, name="ß")',
         "layer:ö": 'layers.Dense(\\n    2, # ö\\n    name="ö",\\n)',
         "compile": 'model.compile(loss="mse")'},
    ),
    "classes of one's own": (
        """\
        class Twice(layers.Layer):
            def __init__(self, **kwargs):
                super().__init__(**kwargs)
                self.inner = layers.Dense(2, name="inner")
            def call(self, x):
                return 2 * self.inner(x)
        class Rate(keras.optimizers.SGD):
            def __init__(self, **kwargs):
                super().__init__(**kwargs)
        model = keras.Sequential([Twice(name="twice")])
        model.compile(Rate(), "mse")
        """,
        {"layer:twice": 'Twice(name="twice")', "layer:inner": 'layers.Dense(2, name="inner")',
         "optimizer": "Rate()", "compile": 'model.compile(Rate(), "mse")'},
    ),
    "copied by Keras": (
        """\
        base = keras.Sequential([keras.Input((2,)), layers.Dense(2)])
        model = keras.models.clone_model(base)
        model.compile(loss="mse")
        """,
        {"compile": 'model.compile(loss="mse")'},
    ),
}


@pytest.mark.parametrize("name", SITES)
def test_sites(write, name):
    source, expected = SITES[name]


    captured = capture_script(write("$DATA\n" + textwrap.dedent(source) + "model.fit(x, x)\n"))
    script = captured.script
    found = {part: script.excerpt(span) for part, span in captured.recipe.sites.items()}
    assert found.pop("fit") == "model.fit(x, x)"
    assert found == {part: text.replace("\\n", "\n") for part, text in expected.items()}
    assert all(script.call(span) is not None for span in captured.recipe.sites.values())
    assert captured.call == "model.fit(x, x)"


def test_a_loop_is_told(write):
    captured = capture_script(write(
        "$DATA\nmodel = keras.Sequential([layers.Dense(2) for _ in range(2)])\n"
        "model.compile(loss='mse')\nmodel.fit(x, x)"))
    assert any("dense, dense_1 by that in line" in n for n in captured.notes)


def test_names_are_equal_in_every_capture(write):
    path = write("$DATA\n$MODEL\nmodel.fit(x, x)")
    names = [[layer.name for layer in capture_script(path).recipe.layers] for _ in range(2)]
    assert names[0] == names[1] == ["input_layer", "dense", "dense_1"]


def test_fit_in_another_file_has_no_site(write):
    write("def train(model, x):\n    model.fit(x, x)\n", "helper_of_train.py")
    captured = capture_script(
        write("$DATA\n$MODEL\nimport helper_of_train\nhelper_of_train.train(model, x)"))
    assert "fit" not in captured.recipe.sites
    assert captured.call == (
        "fit in helper_of_train.py:2, through helper_of_train.train(model, x)")
    assert any("cannot" in n or "not written" in n for n in captured.notes)


FITS = """\
$DATA
$MODEL
class Scaler:
    def fit(self, x): return self
Scaler().fit(x)
model.fit(x, x, epochs=2)
model.fit(x, 1 - x, epochs=3)
"""


@pytest.mark.parametrize(("fit", "epochs", "others"), [("auto", 2, 3), ("2", 3, 2)])
def test_one_fit_of_several(write, fit, epochs, others):
    captured = capture_script(write(FITS), fit=fit)
    assert (captured.recipe.epochs, captured.index, captured.of) == (epochs, epochs - 1, 2)
    assert [o.partition(": ")[2] for o in captured.others] == [
        f"model.fit(x, {'1 - x' if others == 3 else 'x'}, epochs={others})"]
    assert any("trained before this fit" in n for n in captured.notes) == (fit == "2")


def test_a_fit_that_is_not_there(write):
    with pytest.raises(NoFitCall, match="after 1 call of fit; there is no fit 2"):
        capture_script(write("$DATA\n$MODEL\nmodel.fit(x, x, verbose=0)"), fit="2")
    for word in ("all", "ask", "0", "-1"):
        with pytest.raises(NotSupported, match="--fit takes"):
            capture_script(write("$DATA"), fit=word)


def test_through_lists_the_fits_that_ran(write):
    captured = capture_script(
        write("$DATA\n$MODEL\n" + "model.fit(x, x, verbose=0)\nmodel.compile('sgd', 'mse')\n" * 3),
        through=True)
    assert (captured.index, captured.of, len(captured.others)) == (1, 3, 2)
    assert len(captured.own_history["loss"]) == 1
