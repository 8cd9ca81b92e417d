"""The house: which rooms there are, what each may import, and nothing in a circle."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "unstuck"

FLOORS = (
    ("doors",),
    ("diagnosis",),
    ("search",),
    ("checks",),
    ("interventions",),
    ("goal", "capture", "population"),
    ("network",),
    ("script", "reports"),
    ("result",),
    ("base",),
)
"""From the top to the bottom, as ARCHITECTURE.md draws them; rooms of one floor know nothing of each
other."""

SLOW = {"keras", "jax", "sklearn", "scipy", "vl_convert"}
ENTRANCES = ("unstuck", "unstuck.doors.entry", "unstuck.doors.cli", "unstuck.doors.fixing",
             "unstuck.doors.doctor", "unstuck.diagnosis.saved", "unstuck.reports.formats.text",
             "unstuck.reports.formats.html", "unstuck.reports.formats.json",
             "unstuck.reports.formats.sarif", "unstuck.reports.formats.github",
             "unstuck.reports.manual.site", "unstuck.population.child")
"""What `unstuck --help`, `explain`, `checks`, `report`, a refused `fix` and a worker begin with: they
import nothing slow, nor does anything that they import."""


def name_of(path: Path) -> str:
    """A file's dotted name as a module."""
    parts = path.relative_to(SOURCE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in sorted(SOURCE.rglob("*.py"))}


def room(module: str) -> str:
    """The room of a module; empty for the package itself."""
    return module.split(".")[1] if "." in module else ""


def floor(module: str) -> int:
    """How far down its room lies."""
    for number, rooms in enumerate(FLOORS):
        if room(module) in rooms:
            return number
    raise AssertionError(f"{module} lies in no room: FLOORS and ARCHITECTURE.md name them all")


def source_of(node: ast.ImportFrom, module: str) -> str:
    """The full name of what a module's `from … import` takes from."""
    package = name_of(MODULES[module].parent / "__init__.py").split(".")
    base = package[: len(package) - node.level + 1] if node.level else []
    return ".".join([*base, *filter(None, [node.module])])


def imported(module: str) -> set[str]:
    """Every module of unstuck that a module imports, wherever in its file; itself left out."""
    found = set()
    for node in ast.walk(ast.parse(MODULES[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base_name = source_of(node, module)
            for alias in node.names:
                full = f"{base_name}.{alias.name}"
                found.add(full if full in MODULES else base_name)
    return {name for name in found if name in MODULES} - {module}


@pytest.mark.parametrize("module", [name for name in MODULES if room(name) not in ("", "__main__")])
def test_imports_run_downward(module):
    for other in imported(module) - {"unstuck"}:
        same = room(module) == room(other)
        assert same or floor(module) < floor(other), f"{module} must not import {other}"


def test_nothing_is_imported_in_a_circle():
    # What `unstuck.diagnose` and its like are fetched from is looked up when they are first asked for.
    graph = {name: imported(name) - {"unstuck"} for name in MODULES if name != "unstuck"}
    left = dict(graph)
    while ends := [name for name, others in left.items() if not others & left.keys()]:
        for name in ends:
            del left[name]
    assert not left, f"in a circle, or above one: {sorted(left)}"


def test_every_room_has_a_floor_and_says_what_it_is_for():
    rooms = sorted(path.name for path in SOURCE.iterdir() if (path / "__init__.py").is_file())
    assert rooms == sorted(name for names in FLOORS for name in names)
    for name in rooms:
        said = ast.get_docstring(ast.parse((SOURCE / name / "__init__.py").read_text("utf-8"))) or ""
        assert "May import:" in said, f"{name} does not say what it may import"
        assert "Others take:" in said, f"{name} does not say what others take from it"


def test_the_house_has_few_doors():
    names = {path.name for path in SOURCE.iterdir()} - {"__pycache__"}
    assert len(names) <= 16, sorted(names)


def test_the_picture_shows_these_floors():
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    shown = re.findall(r"^\| *(\d+) *\| *((?:`\w+/`(?:, )?)+) *\|", text, re.M)
    assert [tuple(re.findall(r"`(\w+)/`", rooms)) for _, rooms in shown] == list(FLOORS)


def on_top(module: str) -> tuple[set[str], set[str]]:
    """What importing a module imports: modules of unstuck, and packages of others."""
    own, others = set(), set()
    for node in ast.parse(MODULES[module].read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import):
            others |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base_name = source_of(node, module)
            names = {base_name, *(f"{base_name}.{alias.name}" for alias in node.names)}
            own |= names & MODULES.keys()
            others.add(base_name.split(".")[0])
    parents = {name.rsplit(".", n)[0] for name in own | {module} for n in range(1, name.count(".") + 1)}
    return own | parents, others


@pytest.mark.parametrize("entrance", ENTRANCES)
def test_what_must_start_at_once_imports_nothing_slow(entrance):
    reached, open_ends = {entrance}, [entrance]
    while open_ends:
        own, others = on_top(here := open_ends.pop())
        assert not others & SLOW, f"{here}, which {entrance} reaches, imports {sorted(others & SLOW)}"
        open_ends += own - reached
        reached |= own
