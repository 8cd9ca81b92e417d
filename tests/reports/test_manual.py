"""The browsable manual: whole, escaped, linked, and made of nothing but docstrings."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from unstuck.doors.cli import app
from unstuck.reports.manual import site
from unstuck.reports.manual.pages import Entry, entries

HOSTILE = Entry(name="a-b", family="data", page=(
    "Text with <b>marks</b>, *stars* and `code <i>`.\n\n## What it sees\n- one <script>\n- two\n\n"
    "    call(1)  # <script>\n\nSee arxiv.org/abs/1412.6980, and http://elsewhere."
))  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The set as the command writes it."""
    target = tmp_path_factory.mktemp("manual") / "pages"
    done = CliRunner().invoke(app, ["explain", "--html", str(target)])
    assert done.exit_code == 0 and f"{len(entries()) + 1} pages" in done.stderr
    return target


def test_there_is_a_page_for_each_check_and_every_link_leads_somewhere(folder: Path) -> None:
    pages = {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}
    assert set(pages) == {"index.html", *(f"{name}.html" for name in entries())}
    for text in pages.values():
        for link in re.findall(r'<a href="([^"]+)"', text):
            assert link in pages or re.match(r"https://(arxiv|doi)\.org/", link), link
    for name, entry in entries().items():
        assert f'href="{name}.html"' in pages["index.html"]
        for heading in re.findall(r"^## (.*)$", entry.page, re.M):
            assert f"<h2>{heading}</h2>" in pages[f"{name}.html"]
        assert "A script that has it" in pages[f"{name}.html"]


def test_docstrings_stay_text(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(site, "entries", lambda: {"a-b": HOSTILE})
    site.write_html(tmp_path)
    page = (tmp_path / "a-b.html").read_text(encoding="utf-8")
    assert "<b>" not in page and "<script>" not in page and "<i>" not in page
    assert "<code>code &lt;i&gt;</code>" in page
    assert "<pre>call(1)  # &lt;script&gt;</pre>" in page
    assert 'href="https://arxiv.org/abs/1412.6980"' in page and 'href="http://' not in page
    text = site.markdown(HOSTILE)
    assert r"\<b\>marks\</b\>, \*stars\* and `code <i>`" in text
    assert "```python\ncall(1)  # <script>\n```" in text
    assert "[arxiv.org/abs/1412.6980](https://arxiv.org/abs/1412.6980)" in text


def test_a_name_or_a_folder_is_needed() -> None:
    done = CliRunner().invoke(app, ["explain"])
    assert done.exit_code == 2 and "--html DIR" in done.stderr
