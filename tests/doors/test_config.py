"""What a project sets for itself, and what a script's comments keep quiet."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from unstuck.base.errors import UnstuckError
from unstuck.diagnosis import saved
from unstuck.doors import config
from unstuck.doors.cli import app
from unstuck.script import Ignore, ignores

SCRIPT = """\
import keras
import numpy as np

x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], "float32")
model = keras.Sequential([
    keras.Input((2,)),
    keras.layers.Dense(4, activation="relu"),
    keras.layers.Dense(2, activation="relu"),{layer}
    keras.layers.Dense(2, activation="sigmoid"),
])
model.compile(optimizer="adam", loss="binary_crossentropy")
model.fit(x, x, epochs=12, verbose=0){fit}
"""


def test_the_nearest_file_counts(tmp_path):
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    assert config.find(inner)[1] == {}
    (tmp_path / "pyproject.toml").write_text(
        '[tool.unstuck]\nbudget = "9s"\nignore = ["fragile-seeds"]\n')
    assert config.find(inner) == (tmp_path / "pyproject.toml",
                                  {"budget": "9s", "ignore": ["fragile-seeds"]})
    (tmp_path / "a" / "pyproject.toml").write_text("[tool.other]\nbudget = 3\n")
    assert config.find(inner)[0] == tmp_path / "pyproject.toml"
    (tmp_path / "a" / "unstuck.toml").write_text("seed = 4\n")
    assert config.find(inner) == (tmp_path / "a" / "unstuck.toml", {"seed": 4})


@pytest.mark.parametrize(("text", "said"), [
    ('cluster = "dask://evil:1"', "sets 'cluster', which cannot be set there; what can: budget"),
    ('journal = "/etc"', "sets 'journal'"), ('html = "../x"', "sets 'html'"),
    ("seed = true", "sets seed to True; it takes a whole number"),
    ('seed = "1"', "sets seed to '1'"), ("ignore = [1]", "it takes a list of names"),
    ('quiet = "no"', "true or false"), ("budget = ", "is no valid TOML"),
    ("x" * 10 + " = '\x00'", "is no valid TOML"), ("a = " + "[" * 100_000, "is no valid TOML"),
    ("#" * (1 << 20) + "#", "has 1,048,577 bytes, and unstuck reads at most 1,048,576"),
])
def test_what_may_not_be_set_is_refused(text, said, tmp_path):
    (tmp_path / "unstuck.toml").write_text(text)
    with pytest.raises(UnstuckError, match=said):
        config.find(tmp_path)


def test_nothing_that_may_be_set_is_a_path_or_an_address():
    assert not config.KEYS.keys() & {"save", "json", "html", "journal", "output", "cluster", "export"}


def test_switches_win(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.py").write_text(SCRIPT.format(layer="", fit=""))
    (tmp_path / "unstuck.toml").write_text(
        'budget = "200runs"\nseed = 5\nreplicas = 16\nquiet = true\nexit-zero = true\n'
        'ignore = ["few-updates"]\n')
    done = CliRunner().invoke(app, ["run", "train.py", "--seed", "6", "--no-journal", "--save", "a"])
    assert done.exit_code == 0, done.output
    result, _ = saved.read(Path("a"))
    assert result.budget.given == "200runs"
    assert result.population.seeds[0] // 10_000_019 == 6
    assert ("few-updates", "ignored as asked") in [(n.what, n.reason) for n in result.not_tested]
    assert "[tool.unstuck]" not in done.output and len(done.stdout.splitlines()) < 20
    (tmp_path / "unstuck.toml").write_text("budgets = 3\n")
    done = CliRunner().invoke(app, ["run", "train.py"])
    assert done.exit_code == 2
    assert "unstuck.toml sets 'budgets'" in done.stderr
    assert CliRunner().invoke(app, ["--version"]).exit_code == 0


def test_comments_are_found_where_they_are_comments():
    text = ('a = "# unstuck: ignore[x]"\nb = 1  # unstuck: ignore[one, two]\n'
            '#unstuck:ignore-file[three]\n# unstuck: ignored\nc = 2  # fine # unstuck: ignore\n')
    assert ignores(text) == (Ignore(2, 2, frozenset({"one", "two"})),
                             Ignore(3, None, frozenset({"three"})), Ignore(5, 5, frozenset()))


def found(script: str, folder: Path, monkeypatch) -> tuple[set[str], list[str], dict[str, str]]:
    monkeypatch.chdir(folder)
    (folder / "train.py").write_text(script)
    done = CliRunner().invoke(app, ["run", "train.py", "--budget", "200runs", "--replicas", "16",
                                    "--no-journal", "--save", "a"])
    assert done.exit_code in (1, 3), done.output
    result, _ = saved.read(Path("a"))
    return ({f.check for f in (*result.facts, *result.suspicions)}, list(result.notes),
            {n.what: n.reason for n in result.not_tested})


def test_a_comment_keeps_checks_quiet_on_its_line_or_everywhere(tmp_path, monkeypatch):
    plain, _, _ = found(SCRIPT.format(layer="", fit=""), tmp_path, monkeypatch)
    assert {"narrow-layer", "few-updates"} <= plain
    seen, notes, skipped = found(SCRIPT.format(
        layer="  # unstuck: ignore[narrow-layer, frozen-layer, no-such-check]",
        fit="  # unstuck: ignore[few-updates]"), tmp_path, monkeypatch)
    assert "few-updates" not in seen
    assert skipped["few-updates"] == "ignored by line 12"
    assert "line 8 ignores frozen-layer, which has nothing to say there" in notes
    assert "line 8 ignores no-such-check, which is no check" in notes
    assert not any("narrow-layer" in note for note in notes)
    seen, _, _ = found("# unstuck: ignore-file\n" + SCRIPT.format(layer="", fit=""), tmp_path,
                       monkeypatch)
    assert seen == set()
