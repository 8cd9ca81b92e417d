"""Manual pages, read without importing what they are about."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from rich.cells import cell_len
from syrupy.assertion import SnapshotAssertion

from unstuck.reports.manual import explain, pages
from unstuck.reports.manual.pages import NoSuchCheck

CHECK = '''\
"""Its module."""
from unstuck.checks import Check, Family

class DeadThing(Check):
    """Dead things
    learn nothing.

    ## What it sees
    Things that are `dead`, and a [bold]bracket[/].
    Two lines are one paragraph.

    - one
    - two, which
      goes on

    ## Example
        layers.Dense(2)     # kept as it is

    ## References
    None.
    """

    family: ClassVar[Family] = Family.ACTIVATION
'''


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A package of checks with one check and one helper."""
    (tmp_path / "dead_thing.py").write_text(CHECK, encoding="utf-8")
    (tmp_path / "_helper.py").write_text("raise RuntimeError", encoding="utf-8")
    return tmp_path


def test_a_check_is_read_not_run(folder: Path) -> None:
    (found,) = pages.read_entries(folder).values()
    assert (found.name, found.family) == ("dead-thing", "activation")
    assert found.summary == "Dead things learn nothing"


def test_a_page(folder: Path, monkeypatch: pytest.MonkeyPatch, snapshot: SnapshotAssertion) -> None:
    found = pages.read_entries(folder)
    monkeypatch.setattr(pages, "entries", lambda: found)
    assert explain.explain("dead_thing", width=60) == snapshot
    assert explain.explain("dead-thing", width=60, color=True) == snapshot(name="color")
    assert explain.listing(width=60) == snapshot(name="listing")


@pytest.mark.parametrize(("source", "said"), [
    ("x = 1", "must define one check, not 0"),
    (CHECK + "\nclass Another(Check): ...", "must define one check, not 2"),
    ("class Bare(Check): ...", "has no docstring"),
])  # fmt: skip
def test_files_that_are_no_check(source: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "odd.py").write_text(source)
    with pytest.raises(ValueError, match=said):
        pages.read_entries(tmp_path)


def test_every_check_of_the_package_has_its_page() -> None:
    for name, entry in pages.entries().items():
        assert entry.family, name
        assert entry.summary, name
        page = explain.explain(name, width=80)
        code = [line for line in page.splitlines() if line.startswith("    ")]
        for line in page.splitlines():
            assert line in code or cell_len(line) <= 80, name


LEAST = {"What it sees": 9, "Why learning stops": 25, "What it tries": 2, "Example": 4,
         "When it is wrong": 12, "References": 2}  # fmt: skip
"""What a page teaches, in this order, and words below which that is thin."""


@pytest.mark.parametrize("name", pages.entries())
def test_a_page_teaches(name: str) -> None:
    """What it is, why it hurts, how it is seen and proved, an example, false alarms, references."""
    page = pages.entries()[name]
    assert re.findall(r"^## (.*)$", page.page, re.M) == list(LEAST)
    for heading, words in LEAST.items():
        assert len(page.section(heading).split()) >= words, f"{heading} is thin"
    example = page.section("Example").splitlines()
    assert sum(line.startswith("    ") for line in example) >= 2, "what is sick, and what is not"
    script = pages.specimen(name)
    assert script is not None and script.startswith(f"# {name}: ")
    assert re.search(r"^# As is \d+ of \d+ seeds learn", script, re.M)
    compile(script, name, "exec")


def test_one_page_is_read_by_its_exact_name() -> None:
    assert pages.page_of("narrow-layer") == pages.entries()["narrow-layer"]
    for name in ("narrow_layer", "../checks/narrow-layer", "", "Narrow-layer", "no-such"):
        assert pages.page_of(name) is None


def test_unknown_names_are_met_with_the_nearest() -> None:
    known = next(iter(pages.entries()))
    with pytest.raises(NoSuchCheck, match=f"Did you mean {known}"):
        explain.explain(known[:-1])
    with pytest.raises(NoSuchCheck, match=r"no check 'zzzz'\. `unstuck checks` lists"):
        explain.explain("zzzz")


def test_names_of_families_may_be_selected() -> None:
    entry = next(iter(pages.entries().values()))
    names = [entry.family, entry.name.replace("-", "_")]
    assert pages.known_names(names) == (entry.family, entry.name)


def test_neither_keras_nor_jax_is_imported() -> None:
    code = (
        "import sys; import unstuck.diagnosis.saved, unstuck.doors.cli; from unstuck import reports;"
        "from unstuck.reports.manual import explain; explain.listing();"
        "reports.all_reports(); print({'keras', 'jax', 'libcst'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
