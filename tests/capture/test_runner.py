"""A script runs as under `python`, and the interpreter and Keras are afterwards as before."""

from __future__ import annotations

import atexit
import os
import random
import signal
import subprocess
import sys
import threading

import keras
import numpy as np
import pytest

from unstuck.base.errors import NoFitCall, ScriptFailed, UnstuckError
from unstuck.capture import capture_script, capture_text
from unstuck.capture.watch import Watch
from unstuck.network import adapter
from unstuck.script import Script


def state():
    watch = Watch("", Script.parse(""), chosen=1, through=False)
    attributes = [*watch.wrappers, (os, "_exit"), (atexit, "register"),
                  (atexit, "unregister"), (threading, "excepthook"), (sys, "excepthook"),
                  (sys, "stdout"), (sys, "stderr"), (sys, "argv")]
    return (
        [vars(owner)[name] for owner, name in attributes],
        list(sys.path), sys.modules["__main__"], os.getcwd(), set(os.environ.items()),
        signal.getsignal(signal.SIGINT), keras.config.floatx(),
    )


def same(before, after):
    assert all(a is b for a, b in zip(before[0], after[0], strict=True))
    assert before[1:] == after[1:]


ENDINGS = {
    "success": ("$DATA\n$MODEL\nmodel.fit(x, x)", None),
    "exception": ("$DATA\n$MODEL\nraise ValueError", ScriptFailed),
    "sys.exit": ("$DATA\n$MODEL\nimport sys; sys.exit(3)", NoFitCall),
    "os._exit": ("$DATA\n$MODEL\nimport os; os._exit(3)", NoFitCall),
    "quit": ("$DATA\n$MODEL\nquit(4)", NoFitCall),
    "sys.exit after fit": ("$DATA\n$MODEL\ntry:\n    model.fit(x, x)\nfinally:\n"
                           "    import sys; sys.exit(5)", None),
    "atexit": ("$DATA\n$MODEL\nimport atexit\natexit.register(print, 'late')\nmodel.fit(x, x)", None),
    "an own loop": ("$DATA\n$MODEL\nmodel.train_on_batch(x, x)", None),
    "KeyboardInterrupt": ("$DATA\n$MODEL\nraise KeyboardInterrupt", KeyboardInterrupt),
    "end": ("$DATA\n$MODEL", NoFitCall),
    "bad data": ("$DATA\n$MODEL\nmodel.fit(x, x[:3])", UnstuckError),
    "meddling": (
        "$DATA\n$MODEL\nimport os, sys, signal, tempfile, warnings\n"
        "os.chdir(tempfile.gettempdir())\n"
        "sys.argv = []; sys.path.clear(); sys.excepthook = print; sys.stdout = None\n"
        "signal.signal(signal.SIGINT, signal.SIG_IGN)\nkeras.config.set_floatx('float16')\n"
        "os.environ['KERAS_BACKEND'] = 'torch'\nkeras.utils.clear_session()\n"
        "warnings.simplefilter('error')", NoFitCall),
}


@pytest.mark.parametrize("name", ENDINGS)
def test_everything_is_as_before(write, name, capsys):
    source, raised = ENDINGS[name]
    before = state()
    if raised is None:
        capture_script(write(source))
    else:
        with pytest.raises(raised):
            capture_script(write(source))
    same(before, state())


def test_random_state_and_names_are_as_before(write):
    def randomness():
        kept = vars(adapter.private.global_state.GLOBAL_STATE_TRACKER)
        seeds = kept["global_seed_generator"]
        return (random.getstate(), np.random.get_state()[1].tolist(),
                np.asarray(seeds.state.value).tolist(), dict(kept["object_name_uids"]), id(seeds))

    keras.utils.set_random_seed(5)
    keras.layers.Dense(1)
    keras.random.normal((2,))
    before = randomness()
    capture_script(write("""$DATA
    keras.utils.set_random_seed(1)
    $MODEL
    model.fit(x, x)""".replace("    ", "")))
    assert randomness() == before


def test_the_script_sees_what_python_shows_it(write, tmp_path, monkeypatch, capsys):
    write("value = 7", "beside/helper.py")
    path = write(
        """\
        # -*- coding: latin-1 -*-
        import json, os, sys, helper
        if __name__ == "__main__":
            import __main__
            print(json.dumps([sys.argv, __file__, sys.path[0], os.getcwd(), helper.value,
                              __main__.__file__, __spec__, __package__, __doc__, __cached__]))
        """,
        "beside/show.py",
    )
    monkeypatch.chdir(tmp_path)
    python = subprocess.run([sys.executable, "beside/show.py", "a", "-b"],
                            capture_output=True, text=True, check=True)
    with pytest.raises(NoFitCall):
        capture_script(path.relative_to(tmp_path), ["a", "-b"])
    assert capsys.readouterr() == ("", python.stdout)
    assert "helper" not in sys.modules


RAISING = {
    "deep": """\
        def inner(x):
            raise ValueError("é")
        def outer(x):
            try:
                {}["no"]
            except KeyError as error:
                inner(x)
        outer(1)
        """,
    "syntax": "x = 1\ny = = 2\n",
    "in keras": """\
        $DATA
        class Bad(layers.Layer):
            def __init__(self):
                super().__init__()
                raise RuntimeError("in a constructor")
        Bad()
        """,
    "arguments of fit": "$DATA\n$MODEL\nmodel.fit(x, x, epoch=3)\n",
    "exit text": "import sys\nsys.exit('no data')\n",
}


@pytest.mark.parametrize("name", RAISING)
def test_its_own_traceback_unchanged(write, name, capsys):
    path = write(RAISING[name])
    python = subprocess.run([sys.executable, path], capture_output=True, text=True, check=False)
    with pytest.raises(NoFitCall if name == "exit text" else ScriptFailed):
        capture_script(path)
    assert capsys.readouterr().err == python.stderr
    assert "Error" in python.stderr or name == "exit text"


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("x = 1", "without calling model.fit"),
        ("import sys; sys.exit(2)", "exit status 2"),
        ("$DATA\n$MODEL\nmodel.optimizer.apply([v * 0 for v in model.trainable_variables],"
         " model.trainable_variables)", "apply, line"),
        ("$DATA\n$MODEL\nmodel.fit_generator", None),
    ],
)
def test_no_fit(write, source, words, capsys):
    with pytest.raises(ScriptFailed if words is None else NoFitCall) as raised:
        capture_script(write(source))
    if words is not None:
        assert words in str(raised.value)
        assert raised.value.exit_code == 5


def test_files_that_are_none(tmp_path):
    with pytest.raises(UnstuckError, match="no file"):
        capture_script(tmp_path / "missing.py")
    with pytest.raises(UnstuckError, match="is a directory"):
        capture_script(tmp_path)
    notebook = tmp_path / "a.ipynb"
    notebook.write_text("{}")
    with pytest.raises(UnstuckError, match="notebook"):
        capture_script(notebook)


HANDLERS = """
import atexit, sys
@atexit.register
def last():
    print("last", file=sys.stderr)
atexit.register(print, "first", file=sys.stderr)
atexit.register(int, "no number")
gone = atexit.register(lambda: print("never", file=sys.stderr))
atexit.unregister(gone)
"""


def test_what_is_to_be_done_at_the_end_is_done_at_the_scripts_own(write, capsys):
    with pytest.raises(NoFitCall):
        capture_script(write(HANDLERS + "sys.exit(3)"))
    said = capsys.readouterr().err
    assert [said.index(word) for word in ("no number", "first", "last")] == sorted(
        said.index(word) for word in ("no number", "first", "last"))
    assert "Exception ignored in atexit callback" in said
    assert "never" not in said


@pytest.mark.parametrize("end", ["model.fit(x, x)", "import os; os._exit(0)"])
def test_it_is_not_done_where_the_script_went_no_further(write, end, capsys):
    try:
        capture_script(write(f"$DATA\n$MODEL\n{HANDLERS}{end}"))
    except NoFitCall:
        assert "_exit" in end
    assert "last" not in capsys.readouterr().err


SPAWNING = """$DATA
import multiprocessing
def doubled(row):
    return 2 * row
if __name__ == "__main__":
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        x = np.array(pool.map(doubled, list(x)))
    $MODEL
    model.fit(x, x, epochs=2)
""".replace("    $MODEL", "    model = keras.Sequential([keras.Input((2,)), layers.Dense(2)])\n"
            "    model.compile('sgd', 'mse')")


def test_processes_that_a_script_starts_run_it_as_their_own(write, capfd):
    before = state()
    recipe = capture_script(write(SPAWNING)).recipe
    same(before, state())
    assert (recipe.epochs, recipe.train.rows, float(recipe.x.max())) == (2, 40, 2.0)
    assert "Error" not in capfd.readouterr().err


SWALLOWING = {
    "except Exception": "try:\n    model.fit(x, x)\nexcept Exception:\n    print('swallowed')",
    "bare except": "try:\n    model.fit(x, x)\nexcept:\n    model.fit(x, x, epochs=9)",
    "fails afterwards": "try:\n    model.fit(x, x)\nexcept:\n    raise ValueError",
    "finally": "try:\n    model.fit(x, x)\nfinally:\n    x = None",
    "in a thread": "import threading\nt = threading.Thread(target=lambda: model.fit(x, x))\n"
                   "t.start(); t.join()",
    "in a guard": "if __name__ == '__main__':\n    model.fit(x, x)",
}


@pytest.mark.parametrize("name", SWALLOWING)
def test_what_was_captured_is_kept(write, name, capsys):
    captured = capture_script(write("$DATA\n$MODEL\n" + SWALLOWING[name]))
    assert captured.recipe.epochs == 1
    assert (captured.index, captured.line) != (1, None)
    assert capsys.readouterr().err == ""


def test_text_in_memory():
    captured = capture_text(
        "import keras, numpy as np\nm = keras.Sequential([keras.layers.Dense(1)])\n"
        "m.compile(loss='mse')\nm.fit(np.zeros((4, 3)), np.zeros(4), epochs=2)\n"
    )
    assert (captured.line, captured.recipe.epochs, captured.parameters) == (4, 2, 4)


def test_another_backend_is_refused_where_keras_has_it():
    code = "import sys, types\nk = types.ModuleType('keras')\nsys.modules['keras'] = k\n" \
           "k.backend = types.SimpleNamespace(backend=lambda: 'torch')\nimport unstuck.network.adapter"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "UnstuckError: Keras has already been imported with the torch backend" in done.stderr
