"""The documentation: whole, strictly built, every link alive, nothing asked of the network."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from site_of_docs import ROOT, built_site
from unstuck.doors.cli import COMMANDS
from unstuck.reports.manual.pages import entries


class Page(HTMLParser):
    """What a page leads to, what it loads, and the places in it that can be led to."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.places: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.places |= {given[name] for name in ("id", "name") if name in given}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        self.loaded += [given[name] for name in ("src", "href") if name in given and tag != "a"]


@pytest.fixture(scope="module")
def pages() -> dict[Path, Page]:
    """Every page of the site, by its file."""
    folder = built_site()
    return {path.resolve(): Page(path.resolve()) for path in folder.rglob("*.html")}


def dead(page: Page, pages: dict[Path, Page]) -> Iterator[str]:
    """The links of a page that lead to no file of the site, or to no place of its page."""
    for link in (*page.links, *page.loaded):
        parts = urlsplit(link)
        if parts.scheme or parts.netloc:
            continue
        target = (page.path.parent / unquote(parts.path)).resolve() if parts.path else page.path
        known = pages.get(target)
        if not target.is_file() or (parts.fragment and known is not None
                                    and unquote(parts.fragment) not in known.places):
            yield link


def test_no_internal_link_is_dead(pages: dict[Path, Page]) -> None:
    not_found = built_site().resolve() / "404.html"  # served for any address, so its links are absolute
    found = {path.name: list(dead(page, pages)) for path, page in pages.items() if path != not_found}
    assert len(found) > 100 and not {name: links for name, links in found.items() if links}


def test_nothing_is_loaded_from_the_network(pages: dict[Path, Page]) -> None:
    for page in pages.values():
        assert not [what for what in page.loaded if urlsplit(what).netloc], page.path


def test_every_command_and_every_check_has_its_place(pages: dict[Path, Page]) -> None:
    folder = built_site().resolve()
    commands = pages[folder / "reference" / "commands.html"]
    assert {command.__name__ for command in COMMANDS} <= commands.places
    for name in entries():
        text = (folder / "checks" / f"{name}.html").read_text(encoding="utf-8")
        assert "What it sees" in text and "A script that has it" in text
    assert (folder / "reference" / "schema.json").read_bytes() == (
        ROOT / "src" / "unstuck" / "result" / "schema.json").read_bytes()


def test_what_texts_show_of_commands_was_printed_by_them() -> None:
    """Each block that a command prints is filled, and its page says when and on what."""
    asked = re.compile(r"<!-- run: .*? -->\n```text\n(.*?)```", re.S)
    texts = {path: path.read_text(encoding="utf-8") for path in (ROOT / "docs").rglob("*.md")}
    shown = {path: asked.findall(text) for path, text in texts.items() if "<!-- run: " in text}
    assert len(shown) >= 4
    for path, blocks in shown.items():
        assert all(block.strip() for block in blocks), path
        made = r"^\*Made by `python docs/made\.py` on \d+ \w+ \d{4}: "
        assert re.search(made, texts[path], re.M), path
