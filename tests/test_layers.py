"""Dependencies point one way: a module imports only from the lines below its own."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent.parent / "src" / "unstuck"

LINES = (
    ("__main__",),
    ("cli",),
    ("switches", "exits"),
    ("terminal_progress", "fixing", "doctor"),
    ("terminal",),
    ("replay",),
    ("repair", "callback", "testing", "notebook"),
    ("halves",),
    ("diagnosis",),
    ("steps",),
    ("ready",),
    ("manual",),
    ("account", "scenes", "saved", "explain"),
    ("modes", "reports"),
    ("outcome",),
    ("search",),
    ("shrinking", "verdicts"),
    ("looks", "proof"),
    ("by_heart", "ranking"),
    ("candidates", "lab"),
    ("usual",),
    ("ends",),
    ("costs",),
    ("arms", "budget"),
    ("trial",),
    ("checks",),
    ("interventions",),
    ("chunks",),
    ("population", "capture"),
    ("native",),
    ("goal",),
    ("outputs",),
    ("recipe",),
    ("architecture", "serialized"),
    ("adapter",),
    ("backend",),
    ("between_epochs",),
    ("modern",),
    ("journal", "crash", "interrupts", "child"),
    ("script", "stats", "results", "progress", "registry", "atomic", "config"),
    ("pages",),
    ("pictures", "spellings", "errors"),
    ("__init__",),
)
"""From the top to the bottom, as ARCHITECTURE.md draws them."""

LAZY = {("__init__", "callback"), ("__init__", "diagnosis"), ("__init__", "halves"),
        ("__init__", "capture"), ("__init__", "notebook"), ("__init__", "testing"),
        ("diagnosis", "reports"), ("child", "population")}
"""`unstuck.diagnose` is fetched when first asked for, and so are reports by `print(diagnosis)`; a
worker process imports Keras when its environment is set."""

SLOW = ("keras", "jax", "sklearn", "vl_convert")
QUICK = ("cli", "explain", "manual", "reports", "saved", "results", "pages", "pictures", "stats",
         "script", "registry", "progress", "terminal_progress", "terminal", "fixing", "doctor",
         "config", "switches", "exits", "atomic", "errors", "__main__", "journal", "crash",
         "interrupts", "child", "__init__")
"""What `unstuck --help`, `explain` and `report` are made of; nothing slow may be imported there."""


def part(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def depth(name: str) -> int:
    for number, line in enumerate(LINES):
        if name in line:
            return number
    raise AssertionError(f"unstuck.{name} stands in no line of the picture; put it into LINES")


def imported(path: Path) -> set[str]:
    """Every part of unstuck that a file imports, wherever in the file."""
    package = ("unstuck", *path.relative_to(SOURCE).parts[:-1])
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            base = ".".join(filter(None, (base, node.module)))
            found |= {f"{base}.{alias.name}" for alias in node.names}
    return {name.split(".")[1] for name in found if name.startswith("unstuck.")}


@pytest.mark.parametrize(
    "path", sorted(SOURCE.rglob("*.py")), ids=lambda p: str(p.relative_to(SOURCE)))
def test_imports_run_downward(path):
    own = part(path)
    names = {entry for line in LINES for entry in line}
    for other in imported(path):
        target = other if other in names else "__init__"
        if target == own or (own, target) in LAZY:
            continue
        assert depth(own) < depth(target), f"{own} must not import {other}: it stands above it"


@pytest.mark.parametrize(
    "path", sorted(p for p in SOURCE.rglob("*.py") if part(p) in QUICK),
    ids=lambda p: str(p.relative_to(SOURCE)))
def test_quick_commands_import_nothing_slow_on_top(path):
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module]
        assert not [n for n in names if n.split(".")[0] in SLOW]
