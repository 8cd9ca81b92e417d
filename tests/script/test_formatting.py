"""Edits laid out as the file's formatter would: of files that it leaves alone, and of no others."""

from __future__ import annotations

import ast
from pathlib import Path

import black
import pytest

from unstuck.script import Edit, Script
from unstuck.script.formatting import formatted

NEAT = '''\
import keras

model = keras.Sequential([keras.layers.Dense(1)])
model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
model.fit(x, y)
'''
LONGER = 'optimizer=keras.optimizers.Adam(learning_rate=0.01)'


def _edit(text: str, old: str = 'optimizer="adam"', new: str = LONGER) -> Edit:
    start = text.encode().index(old.encode())
    return Edit(start=start, end=start + len(old.encode()), replacement=new)


@pytest.mark.parametrize("before", ["", "# Grüße\n"])
def test_a_formatted_file_stays_formatted_and_means_the_same(before: str) -> None:
    text = before + NEAT
    script = Script.parse(text)
    plain = script.apply([_edit(text)]).text
    tidy = script.apply(formatted(script, [_edit(text)])).text
    assert max(map(len, plain.splitlines())) > 88 >= max(map(len, tidy.splitlines()))
    assert black.format_str(tidy, mode=black.Mode()) == tidy
    assert ast.dump(ast.parse(tidy)) == ast.dump(ast.parse(plain))
    assert tidy.startswith(text[: text.index("model.compile")])


@pytest.mark.parametrize("text", [
    NEAT.replace('"adam"', "'adam'").replace("model.fit(x, y)", "model.fit(x,y)"),
    NEAT.replace("\n", "\r\n"),
    NEAT + "  # odd\nx = [1,2]\n",
], ids=["another hand", "windows", "half"])
def test_edits_of_other_files_are_left_as_they_are(text: str) -> None:
    script = Script.parse(text)
    edit = _edit(text, old="loss=", new="loss_weights=[1.0], loss=")
    assert formatted(script, [edit]) == (edit,)


def test_what_fits_is_left_as_it_is() -> None:
    script, edit = Script.parse(NEAT), _edit(NEAT, new='optimizer="sgd"')
    assert formatted(script, [edit]) == (edit,)


def test_the_project_says_how_long_lines_may_be(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.ruff]\nline-length = 120\n")
    path = tmp_path / "train.py"
    path.write_text(NEAT)
    script = Script.read(path)
    assert formatted(script, [_edit(NEAT)]) == (_edit(NEAT),)
