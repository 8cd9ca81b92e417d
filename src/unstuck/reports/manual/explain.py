"""The checks' pages for the terminal, and the list of all checks."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Iterator

from unstuck.reports.parts.text_page import Look, Page

from . import pages


def explain(name: str, *, width: int = 80, color: bool = False, encoding: str = "utf-8") -> str:
    """A check's page for the terminal.

    Raises:
        NoSuchCheck: there is none of that name.
    """
    found = pages.entry(name)
    page = Page(Look(width=width, color=color, encoding=encoding))
    page.sides((found.name, "bold"), (found.family, "dim"))
    page.blank()
    for block in blocks(found.page):
        _show(page, block)
    script = pages.specimen(found.name)
    if script is not None:
        _show(page, "## A script that has it")
        _show(page, textwrap.indent(script, "    "))
    return page.render()


def listing(*, width: int = 80, color: bool = False, encoding: str = "utf-8") -> str:
    """All checks with family and summary, by family."""
    page = Page(Look(width=width, color=color, encoding=encoding))
    known = pages.entries().values()
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
