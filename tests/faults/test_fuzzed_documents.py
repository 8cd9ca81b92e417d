"""Saved diagnoses and journals in which anything may stand: they are refused, or are read as such.

Of each nothing is run, no file but it is opened, no process started, and what comes is a sentence or a
result that every report can show, within a time. `UNSTUCK_SLOW` tries 10,000, else a few hundred.
"""

from __future__ import annotations

import ast
import functools
import json
import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import save

from faults.helpers import SCRIPT, diagnosed, written
from faults.mutations import MARK, changed
from faults.watched import bounded, folder, nothing_done
from pictures_examples import PICTURED
from results_examples import EXAMPLES
from unstuck import reports
from unstuck.base import journal as journals
from unstuck.base.characters import printable
from unstuck.base.errors import BadSavedFile, UnstuckError
from unstuck.base.records import MAGIC, encoded, records
from unstuck.capture import capture_text
from unstuck.diagnosis import changes, saved
from unstuck.doors import fixing, replay
from unstuck.population.chunks import Chunks
from unstuck.reports.formats.json import document as to_document
from unstuck.reports.html_page import drawer

MANY = 10_000 if os.environ.get("UNSTUCK_SLOW") else 200
QUICK = settings(max_examples=MANY, suppress_health_check=list(HealthCheck))
BOUNDED = functools.partial(bounded, seconds=20.0, mebibytes=256)
"""Longest that one document may take on a busy machine, and most that it may need: they take some
hundredths of a second."""
FOLDER = folder()
pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")  # it hides what failed
EXAMPLE = [to_document(result) for result in (*EXAMPLES.values(), *PICTURED.values())]


class Real:
    """A diagnosis that was made, its script and recipe, and the records of its journal."""

    def __init__(self) -> None:
        path = written(FOLDER)
        found = diagnosed(path, journals=FOLDER / "journals", keep=True, replicas=16)
        self.document = to_document(found.result)
        captured = capture_text(SCRIPT, filename=str(path))
        assert captured.script is not None
        self.script, self.recipe = captured.script, captured.recipe
        (kept,) = (FOLDER / "journals").rglob("*.journal")
        self.journal = kept.read_bytes()


@pytest.fixture(scope="module")
def real() -> Real:
    return Real()


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """The page without the library that draws, which has a process of its own."""
    def svg(spec: dict[str, Any]) -> str:
        json.dumps(spec)
        return '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1" viewBox="0 0 1 1"></svg>'

    monkeypatch.setattr("unstuck.reports.html_page.draw.svg", svg)
    monkeypatch.setattr(drawer, "_begun", lambda: False)


def saved_as(text: str) -> Path:
    path = FOLDER / "a.unstuck"
    path.write_bytes(save({"control/loss": np.zeros((2, 3), np.float32)}, metadata={"diagnosis": text}))
    return path


def shown(path: Path, real: Real) -> bool:
    """Do all that is done with a saved file but to train; False where it is refused."""
    try:
        result, _ = saved.read(path)
        with saved.doubted(path):
            texts = [reports.render(name, result) for name in reports.all_reports()]
    except BadSavedFile:
        return False
    for text in texts:
        assert not {"\x1b", "\x00", "\x07", "\u202e"} & set(text)
    for what in (*result.repairs[:2], *result.arms[:1]):
        try:
            made = changes.written(changes.of(what, real.recipe), real.script, real.recipe)
        except UnstuckError:
            continue
        for node in ast.walk(ast.parse(made.text)):
            assert MARK not in str(getattr(node, "id", "")) + str(getattr(node, "attr", ""))
    for number in (1, 2):
        with suppress(UnstuckError):
            fixing.choose(result, number)
            fixing.source_of(result, saved=path)
            replay.choose(result, None)
    return True


@pytest.mark.usefixtures("undrawn")
def test_saved_diagnoses_in_which_anything_may_stand(real, fault):
    documents = [*EXAMPLE, real.document]
    for document in documents:  # whatever is imported or compiled once, is now
        assert shown(saved_as(json.dumps(document)), real)
    seen = {True: 0, False: 0}

    @QUICK
    @given(changed(documents))
    def one(document: Any) -> None:
        try:
            text = json.dumps(document)
        except (ValueError, RecursionError):
            return
        path = saved_as(text)
        with BOUNDED(), nothing_done(but_in=FOLDER):
            seen[shown(path, real)] += 1

    one()
    assert seen[True] > MANY / 20 and seen[False] > MANY / 20
    assert not (FOLDER / "ran").exists()
    fault("F37", sum(seen.values()), "a saved diagnosis in which anything may stand: refused, or shown,"
                                     " each within 20 s and 256 MiB; nothing of it run, no other file"
                                     " opened")


LADDER = {"ladder": [{"loss": 10**400, "merged": "a"}]}
"""A number of JSON that no float holds."""


@pytest.mark.parametrize("text", [
    json.dumps({**EXAMPLE[0], "goal": {**EXAMPLE[0]["goal"], **LADDER}}),
    "[" * 200_000, '{"a":' * 200_000, '{"schema": "unstuck/2", "schema": 1}', "1e999", '"\\ud800"',
    '{"schema": "unstuck/2", "rows": [' + "1," * 1_000_000 + "1]}", "9" * 100_000,
    '{"__proto__": {}, "constructor": 1}', "\x00", "NaN", "null", '""',
])
def test_documents_that_are_hard_to_parse(text, real):
    with BOUNDED(), nothing_done(but_in=FOLDER):
        assert not shown(saved_as(text), real)


def test_documents_that_are_too_long_are_refused_and_the_longest_are_shown_in_time(undrawn, fault):
    """No part of a document is so long that the page is not there within a minute."""
    document = to_document(EXAMPLES["two_bits"])
    long = {"arms": document["arms"] * 400, "notes": ["a"] * 2001, "source": "x" * (1 << 20) + "x",
            "rows": [[0.0, 0.0]] * 1_000_000, "targets": [[0.0, 0.0]] * 500_000,
            "mode": [1] * 1_000_000, "code_map": {"before": [[]] * 100_000}}
    for name, value in long.items():
        with BOUNDED(), pytest.raises(BadSavedFile, match=(
                f" of at most |{saved.LARGEST_HEADER:,}|{saved.MOST_PARTS:,} lists")):
            saved.read(saved_as(json.dumps({**document, name: value})))
    longest = {"rows": [[0.5] * 100_000] * 2, "targets": [["NaN"] * 1000] * 10,
               "arms": (document["arms"] * 400)[:1000], "notes": ["a"] * 2000,
               "source": "x = 1\n" * (170_000), "not_tested": (document["not_tested"] * 2000)[:2000]}
    path = saved_as(json.dumps({**document, **longest}))
    begun = time.process_time()
    result, _ = saved.read(path)
    assert len(result.arms) == 1000
    for name in reports.all_reports():
        reports.render(name, result)
    assert time.process_time() - begun < 60
    fault("F37", len(long), "a document that is too long: refused; the longest are shown in a minute")


def in_journal(data: bytes, real: Real, seeds: list[int]) -> bool:
    """Load a journal and train with what it holds; False where nothing of it was of use."""
    path = FOLDER / "a.journal"
    path.write_bytes(data)
    journal = journals.Journal(path=path, known=list(records(data)))
    chunks = Chunks(journal)
    for note in journal.notes:
        assert printable(note)
    used = False
    for parts in chunks._known.values():
        for part, _ in parts:
            used = True
            assert part.loss.shape[0] == part.replicas == len(set(part.seeds))
            try:
                joined = part.joined(parts[0][0])
            except ValueError:
                continue
            assert joined.replicas == part.replicas + parts[0][0].replicas
    return used


def test_journals_in_which_anything_may_stand(real, fault):
    good = [(record.document, journals.arrays_in(
        real.journal[record.start : record.start + record.length])) for record in records(real.journal)]
    assert in_journal(real.journal, real, [0])
    seen = {True: 0, False: 0}

    @QUICK
    @given(st.lists(changed([document for document, _ in good]), min_size=1, max_size=3),
           st.integers(0, len(good) - 1), st.data())
    def one(documents: list[Any], which: int, data: Any) -> None:
        arrays = dict(good[which][1])
        for name in data.draw(st.lists(st.sampled_from([*arrays, "x"]), max_size=3)):
            shape = data.draw(st.sampled_from([(), (0,), (1,), (4, 3), (16, 40), (64, 3)]))
            value, kind = data.draw(st.sampled_from([
                (0.0, "f4"), (np.nan, "f4"), (np.inf, "f8"), (1e300, "f8"), (-1, "i8"), (1, "u1")]))
            arrays[name] = np.full(shape, value, kind)
        try:
            body = b"".join(encoded(document, arrays) for document in documents
                            if isinstance(document, dict))
        except (ValueError, RecursionError, TypeError):
            return
        with BOUNDED(), nothing_done(but_in=FOLDER):
            seen[in_journal(MAGIC + body, real, [0, 1])] += 1

    one()
    assert seen[False] > MANY / 20
    fault("F37", sum(seen.values()), "a journal in which anything may stand: left out, or used as"
                                     " replicas, each within 20 s and 256 MiB; nothing of it run, no"
                                     " other file opened")


def test_the_folder_of_such_a_test_goes_with_its_process():
    made = subprocess.run([sys.executable, "-c", "from faults.watched import folder; print(folder())"],
                          cwd=Path(__file__).parents[1], capture_output=True, text=True, check=True)
    assert "unstuck-watched-" in made.stdout
    assert not Path(made.stdout.strip()).exists()
