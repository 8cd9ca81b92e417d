"""`--python PATH`: the script's packages are that environment's, the tool's its own."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from unstuck.doors.elsewhere import asked_python

KERAS = importlib.util.find_spec("keras")
SCRIPT = """
import sys
import keras
import numpy as np
from only_there import NUMBER

assert sys.prefix == {prefix!r} and keras.__file__.startswith(sys.prefix)
x = np.linspace(-1, 1, 64)[:, None]
model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(NUMBER)])
model.compile(optimizer="sgd", loss="mse")
model.fit(x, x, epochs=2, verbose=0)
"""


def environment_with(folder: Path, *packages: str) -> Path:
    """An environment of its own, with links to some of this one's packages; its Python."""
    venv.create(folder, with_pip=False)
    site = next(folder.glob("lib/python3*/site-packages"))
    (site / "only_there.py").write_text("NUMBER = 1\n")
    assert KERAS is not None and KERAS.origin is not None
    place = Path(KERAS.origin).parents[1]
    for package in packages:
        for path in (place / package, *place.glob(f"{package}-*.dist-info")):
            (site / path.name).symlink_to(path)
    return folder / "bin" / "python"


def unstuck(*arguments: object) -> subprocess.CompletedProcess[str]:
    """The command, as a shell runs it."""
    return subprocess.run([sys.executable, "-m", "unstuck", *map(str, arguments)], capture_output=True,
                          text=True, check=False, timeout=120)  # fmt: skip


@pytest.mark.skipif(sys.platform == "win32", reason="links and bin/python")
def test_a_script_runs_among_the_packages_of_its_own_environment(tmp_path: Path) -> None:
    python = environment_with(tmp_path / "theirs", "keras")
    script = tmp_path / "train.py"
    script.write_text(SCRIPT.format(prefix=str(tmp_path / "theirs")))
    done = unstuck("run", "--python", python, script, "--plan")
    assert done.returncode == 0 and "unstuck run: one training takes" in done.stdout, done.stderr


@pytest.mark.parametrize(("old", "told"), [
    (None, "it has none of Keras, TensorFlow and PyTorch, so the script does not train there."),
    ("2.15.0", "keras 2.15.0 is there, and unstuck needs keras>="),
])  # fmt: skip
def test_what_is_in_the_way_is_said_in_a_sentence(tmp_path: Path, old: str | None, told: str) -> None:
    python = environment_with(tmp_path / "theirs")
    if old is not None:
        site = next(tmp_path.glob("theirs/lib/python3*/site-packages"))
        (site / "keras.py").touch()
        about = site / f"keras-{old}.dist-info"
        about.mkdir()
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: keras\nVersion: {old}\n")
    done = unstuck("run", f"--python={python}", "train.py")
    assert done.returncode == 2 and not done.stdout
    assert done.stderr.startswith(f"unstuck: --python {python}: {told}"), done.stderr
    assert done.stderr.count("\n") == 1


def test_a_python_that_does_not_run_is_said(tmp_path: Path) -> None:
    done = unstuck("run", "--python", tmp_path / "none", "train.py")
    assert done.returncode == 2
    assert (
        done.stderr
        == f"unstuck: --python {tmp_path / 'none'}: it cannot be run: No such file or directory.\n"
    )


def test_the_scripts_own_switch_is_left_to_it() -> None:
    assert asked_python(["run", "a.py", "--", "--python", "x"]) == (
        None,
        ["run", "a.py", "--", "--python", "x"],
    )
    assert asked_python(["run", "--python", "p", "a.py", "--", "-v"]) == (
        "p",
        ["run", "a.py", "--", "-v"],
    )
    assert asked_python(["run", "--python=p", "a.py"]) == ("p", ["run", "a.py"])
