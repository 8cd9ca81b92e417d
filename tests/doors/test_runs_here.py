"""A script that was written is said not to run here, where Keras's settings keep it from that."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from unstuck.doors import runs_here
from unstuck.script import Script

KERAS, OLD = "import keras\n", "import tensorflow as tf\n"


@pytest.fixture(autouse=True)
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An environment with JAX alone that names no backend; its keras.json, not there yet."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(runs_here, "given_backend", None)
    monkeypatch.setattr(runs_here, "_installed", lambda package: package == "jax")
    return tmp_path / "keras.json"


def told(text: str) -> str:
    return runs_here.what_to_set(Script.parse(text), Path("a_unstuck.py"))


def test_the_backend_in_keras_json_is_not_installed(settings: Path) -> None:
    settings.write_text('{"backend": "torch"}')
    assert told(KERAS) == ("Keras is set to torch here, which is not installed. It runs so:"
                           " KERAS_BACKEND=jax python a_unstuck.py")
    settings.write_text('{"backend": "jax"}')
    assert told(KERAS) == ""


def test_without_settings_keras_takes_tensorflow(settings: Path) -> None:
    assert "set to tensorflow here" in told(KERAS)
    settings.write_text("no JSON")
    assert "set to tensorflow here" in told(KERAS)


def test_what_the_environment_names_comes_first(
    settings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.write_text('{"backend": "torch"}')
    monkeypatch.setattr(runs_here, "given_backend", "jax")
    assert told(KERAS) == ""


@pytest.mark.parametrize(("text", "said"), [
    (OLD, "imports tensorflow, which is not installed here"), ("import torch\n", ""),
    ("import os\nos.environ['KERAS_BACKEND'] = 'jax'\n" + KERAS, ""),
])
def test_scripts_that_keras_settings_are_not_for(text: str, said: str) -> None:
    assert told(text).startswith(f"It {said}") if said else told(text) == ""


def test_a_backend_that_we_set_is_not_taken_for_the_users() -> None:
    code = ("import unstuck, subprocess, sys; subprocess.run([sys.executable, '-c',"
            " 'import unstuck; print(unstuck.given_backend)'])")
    for given, said in (({}, "None"), ({"KERAS_BACKEND": "jax"}, "jax")):
        env = {k: v for k, v in os.environ.items() if "KERAS_BACKEND" not in k}
        done = subprocess.run([sys.executable, "-c", code], env={**env, **given}, text=True,
                              capture_output=True, check=True)
        assert done.stdout.strip() == said
