"""The manual: every check's page, as a browsable set of files and as sources for MkDocs.

The pages are the checks' docstrings (`explain`), the runnable examples the specimens; nothing is
written a second time. Neither checks nor specimens are run or imported here.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from unstuck.base.atomic import write_bytes

from .explain import blocks
from .pages import Entry, entries, specimen

_CODE = re.compile(r"`([^`]+)`")
_LINK = re.compile(r"\b((?:arxiv\.org|doi\.org)/[\w./()-]*[\w)])")

Kind = Literal["heading", "code", "list", "text"]


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A piece of running text: plain, code, or a link to somewhere outside."""

    text: str
    kind: Literal["plain", "code", "link"] = "plain"


@dataclass(frozen=True, kw_only=True)
class Block:
    """A part of a page; a list has several items, everything else one."""

    kind: Kind
    items: tuple[tuple[Piece, ...], ...]


def page_blocks(entry: Entry) -> tuple[Block, ...]:
    """A check's page, block by block."""
    return tuple(map(_block, blocks(entry.page)))


def families(known: Sequence[Entry]) -> dict[str, list[Entry]]:
    """Checks by family, both in alphabetical order."""
    found: dict[str, list[Entry]] = {}
    for entry in sorted(known, key=lambda e: (e.family, e.name)):
        found.setdefault(entry.family, []).append(entry)
    return found


def write_html(folder: Path) -> int:
    """Write the browsable set: `index.html`, and a page for each check.

    Returns:
        How many pages there are.

    Raises:
        OSError: it cannot be written.
    """
    from unstuck.reports.html_page.page import standalone

    known = list(entries().values())
    folder.mkdir(parents=True, exist_ok=True)
    write_bytes(folder / "index.html",
                standalone("manual_index.html", families=families(known)).encode())  # fmt: skip
    for before, entry, after in zip((None, *known), known, (*known[1:], None), strict=False):
        page = standalone("manual_page.html", entry=entry, blocks=page_blocks(entry),
                          specimen=specimen(entry.name), before=before, after=after)  # fmt: skip
        write_bytes(folder / f"{entry.name}.html", page.encode())
    return len(known) + 1


def markdown(entry: Entry) -> str:
    """A check's page as Markdown, for MkDocs."""
    lines = [f"# {entry.name}", ""]
    for block in page_blocks(entry):
        if block.kind == "heading":
            lines += [f"## {block.items[0][0].text}", ""]
        elif block.kind == "code":
            lines += ["```python", block.items[0][0].text, "```", ""]
        else:
            mark = "- " if block.kind == "list" else ""
            lines += [mark + _marked_up(item) for item in block.items] + [""]
    script = specimen(entry.name)
    if script is not None:
        lines += ["## A script that has it", "", "```python", script.rstrip(), "```", ""]
    return "\n".join(lines)


def markdown_index() -> str:
    """The list of all checks as Markdown, by family."""
    lines = ["# Checks", ""]
    for family, members in families(list(entries().values())).items():
        lines += [f"## {family.capitalize()}", ""]
        lines += [f"- [{entry.name}]({entry.name}.md): {entry.summary}" for entry in members]
        lines.append("")
    return "\n".join(lines)


def _block(text: str) -> Block:
    if text.startswith("#"):
        return Block(kind="heading", items=((Piece(text=text.lstrip("# ")),),))
    if text.startswith("    "):
        return Block(kind="code", items=((Piece(text=textwrap.dedent(text)),),))
    if text.startswith("- "):
        items = [" ".join(item.split()) for item in text[2:].split("\n- ")]
        return Block(kind="list", items=tuple(tuple(_pieces(item)) for item in items))
    return Block(kind="text", items=(tuple(_pieces(" ".join(text.split()))),))


def _pieces(text: str) -> Iterator[Piece]:
    for place, part in enumerate(_CODE.split(text)):
        if place % 2:
            yield Piece(text=part, kind="code")
            continue
        for inner, piece in enumerate(_LINK.split(part)):
            if piece:
                yield Piece(text=piece, kind="link" if inner % 2 else "plain")


def _marked_up(pieces: Sequence[Piece]) -> str:
    found = []
    for piece in pieces:
        if piece.kind == "code":
            found.append(f"`{piece.text}`")
        elif piece.kind == "link":
            found.append(f"[{piece.text}](https://{piece.text})")
        else:
            found.append(re.sub(r"([\\*_<>\[\]])", r"\\\1", piece.text))
    return "".join(found)
