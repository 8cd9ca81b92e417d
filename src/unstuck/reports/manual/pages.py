"""The checks' pages, read from their files without importing them.

A check's docstring is its page. Importing a check imports Keras, which takes seconds; so the pages
are taken from the source files as they lie in the package. Nothing of them is executed.
"""

from __future__ import annotations

import ast
import difflib
import functools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from unstuck.base.errors import UnstuckError

_PACKAGE = Path(__file__).parents[2]
FOLDER = _PACKAGE / "checks"
SPECIMENS = (_PACKAGE / "specimens", _PACKAGE.parents[1] / "specimens")
"""Where they lie in an installed package, and in the repository."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A check's name, the family it belongs to, and its page."""

    name: str
    family: str
    page: str

    @property
    def summary(self) -> str:
        """The first sentence or paragraph, on one line, without a full stop."""
        return " ".join(self.page.split("\n\n")[0].split()).rstrip(".")

    def section(self, heading: str) -> str:
        """The text below a heading of the page; empty if there is none of that name."""
        _, _, below = f"\n{self.page}\n".partition(f"\n## {heading}\n")
        return below.partition("\n## ")[0].strip("\n")


class NoSuchCheck(UnstuckError):
    """There is no check of that name."""


@functools.cache
def entries() -> Mapping[str, Entry]:
    """Every check of the package, by name."""
    return read_entries(FOLDER)


def page_of(name: str) -> Entry | None:
    """A check by its exact name, its file alone being read; `None` if there is none."""
    path = FOLDER / f"{name.replace('-', '_')}.py"
    known = re.fullmatch("[a-z][a-z0-9-]*", name) is not None and path.is_file()
    return _entry(name, path.read_text(encoding="utf-8")) if known else None


def read_entries(folder: Path) -> dict[str, Entry]:
    """The checks that the files of a folder define, by name; a file's name is its check's.

    Raises:
        ValueError: a file does not define exactly one check, or one without a page.
    """
    found = {}
    for path in sorted(folder.glob("*.py")):
        if not path.name.startswith("_"):
            name = path.stem.replace("_", "-")
            found[name] = _entry(name, path.read_text(encoding="utf-8"))
    return found


def _entry(name: str, source: str) -> Entry:
    module = ast.parse(source)
    classes = [node for node in module.body if isinstance(node, ast.ClassDef) and _is_check(node)]
    if len(classes) != 1:
        raise ValueError(f"{name} must define one check, not {len(classes)}")
    page = ast.get_docstring(classes[0]) or ast.get_docstring(module)
    if not page:
        raise ValueError(f"{name} has no docstring, so there is nothing to explain it with")
    return Entry(name=name, family=_family(classes[0]), page=page)


def _is_check(node: ast.ClassDef) -> bool:
    return any(ast.unparse(base).rpartition(".")[2] == "Check" for base in node.bases)


def _family(node: ast.ClassDef) -> str:
    """The family that a class is given, as its member of `Family` is spelled; empty if none."""
    for item in node.body:
        if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name):
            target, value = item.target.id, item.value
        elif isinstance(item, ast.Assign) and isinstance(item.targets[0], ast.Name):
            target, value = item.targets[0].id, item.value
        else:
            continue
        if target == "family" and isinstance(value, ast.Attribute):
            return value.attr.lower()
    return ""


def entry(name: str) -> Entry:
    """A check by its name.

    Raises:
        NoSuchCheck: there is none; the message names the nearest.
    """
    known = entries()
    wanted = name.strip().lower().replace("_", "-")
    if wanted in known:
        return known[wanted]
    families = dict.fromkeys(check.family for check in known.values())
    near = difflib.get_close_matches(wanted, [*known, *families], n=3, cutoff=0.5)
    hint = f" Did you mean {' or '.join(near)}?" if near else ""
    raise NoSuchCheck(f"There is no check {name!r}.{hint} `unstuck checks` lists them all.")


def known_names(names: Iterable[str]) -> tuple[str, ...]:
    """Names of checks and families, as they are spelled here.

    Raises:
        NoSuchCheck: one is neither; the message names the nearest.
    """
    families = {check.family for check in entries().values()}
    return tuple(name if name in families else entry(name).name for name in names)


def specimen(name: str) -> str | None:
    """A script that is sick because of a check's sickness; `None` where it is not at hand."""
    for folder in SPECIMENS:
        path = folder / f"{name.replace('-', '_')}.py"
        if path.is_file():
            return path.read_text(encoding="utf-8")
    return None
