"""The checks' manual pages, read from their files without importing them.

A check's docstring is its page. Importing a check imports Keras, which takes seconds; so the pages
are taken from the source files as they lie in the package. Nothing of them is executed.
"""

from __future__ import annotations

import ast
import difflib
import functools
import inspect
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from unstuck.errors import UnstuckError
from unstuck.reports._page import Look, Page

FOLDER = Path(__file__).parent / "checks"
SPECIMENS = (Path(__file__).parent / "specimens", Path(__file__).parents[2] / "specimens")
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


class NoSuchCheck(UnstuckError):
    """There is no check of that name."""


@functools.cache
def entries() -> Mapping[str, Entry]:
    """Every check of the package, by name."""
    return read_entries(FOLDER)


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


def explain(name: str, *, width: int = 80, color: bool = False, encoding: str = "utf-8") -> str:
    """A check's page for the terminal.

    Raises:
        NoSuchCheck: there is none of that name.
    """
    found = entry(name)
    page = Page(Look(width=width, color=color, encoding=encoding))
    page.sides((found.name, "bold"), (found.family, "dim"))
    page.blank()
    for block in blocks(found.page):
        _show(page, block)
    script = specimen(found.name)
    if script is not None:
        _show(page, "## A script that has it")
        _show(page, textwrap.indent(script, "    "))
    return page.render()


def listing(*, width: int = 80, color: bool = False, encoding: str = "utf-8") -> str:
    """All checks with family and summary, by family."""
    page = Page(Look(width=width, color=color, encoding=encoding))
    known = entries().values()
    indent = 4 + max((len(check.name) for check in known), default=0)
    for family in sorted({check.family for check in known}):
        page.blank()
        page.line((family, "bold"))
        for check in known:
            if check.family == family:
                page.paragraph(check.summary, indent=indent, first=(f"  {check.name}", "cyan"))
    return page.render()


def blocks(text: str) -> Iterator[str]:
    """A page's headings, paragraphs and indented examples, each as it stands."""
    block: list[str] = []
    for line in [*inspect.cleandoc(text).splitlines(), ""]:
        indented = line.startswith("    ")
        breaks = not line.strip() or line.startswith("#") or (
            bool(block) and indented != block[-1].startswith("    "))  # fmt: skip
        if breaks and block:
            yield "\n".join(block)
            block = []
        if line.startswith("#"):
            yield line
        elif line.strip():
            block.append(line)


def _show(page: Page, block: str) -> None:
    if block.startswith("#"):
        page.blank()
        page.line((block.lstrip("# "), "bold cyan"))
    elif block.startswith("    "):
        for line in textwrap.dedent(block).splitlines():
            page.line("    ", (line, "green"))
    elif block.startswith("- "):
        for item in block[2:].split("\n- "):
            page.paragraph(" ".join(item.split()), indent=2, first="-")
    else:
        page.paragraph(" ".join(block.split()))
