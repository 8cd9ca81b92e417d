"""What MkDocs shows besides the files of `docs/`.

The README is the front page; other texts of the repository are its last chapter; checks' pages are
their docstrings (`explain`); what a page asks for with `<!-- made: NAME -->` is made by `reference.py`.
Nothing of it is kept here. Links between the repository's texts are turned to where MkDocs puts them.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

import reference
from mkdocs.structure.files import File, Files

from unstuck.reports.manual import site
from unstuck.reports.manual.pages import entries

ROOT = Path(__file__).parent.parent
TEXTS = {"README.md": "index.md", "SECURITY.md": "project/security.md",
         "CONTRIBUTING.md": "project/contributing.md", "ARCHITECTURE.md": "project/architecture.md",
         "CHANGELOG.md": "project/changelog.md"}  # fmt: skip
"""Texts at the repository's root, and where the site has them."""
_LINK = re.compile(r"\[([^\[\]]*)\]\((?!\w+:|#)([^)#\s]+)(#[^)\s]*)?\)")
_MADE = re.compile(r"<!-- made: (\w+) -->")


def on_config(config: Any) -> Any:
    """List the checks in the navigation, by family."""
    reference_of = next(part["Reference"] for part in config["nav"] if "Reference" in part)
    checks = next(part for part in reference_of if "Checks" in part)
    checks["Checks"] = [
        "checks/index.md",
        *(
            {family.capitalize(): [f"checks/{entry.name}.md" for entry in members]}
            for family, members in site.families(list(entries().values())).items()
        ),
    ]
    return config


def on_files(files: Files, config: Any) -> Files:
    """Add every page that is no file of `docs/`."""
    pages: dict[str, str | bytes] = {"checks/index.md": site.markdown_index()}
    pages |= {f"checks/{e.name}.md": site.markdown(e) for e in entries().values()}
    pages |= {place: (ROOT / name).read_text(encoding="utf-8") for name, place in TEXTS.items()}
    pages["reference/schema.json"] = reference.SCHEMA.read_bytes()
    for place, content in pages.items():
        files.append(File.generated(config, place, content=content))
    return files


def on_page_markdown(text: str, page: Any, **_: Any) -> str:
    """Put in what is made, and turn links to where the site has what they lead to."""
    place = page.file.src_uri
    name = next((name for name, of in TEXTS.items() if of == place), f"docs/{place}")
    text = _MADE.sub(lambda found: reference.MADE[found[1]](), text)
    return _LINK.sub(lambda found: _turned(found, name, place), text)


def _turned(found: re.Match[str], name: str, place: str) -> str:
    """A link of the text `name`, shown at `place`; to files that the site has not, its words."""
    words, to, part = found.groups("")
    target = posixpath.normpath(posixpath.join(posixpath.dirname(name), to))
    there = TEXTS.get(target, target.removeprefix("docs/") if target.startswith("docs/") else None)
    if there is None:
        return words
    return f"[{words}]({posixpath.relpath(there, posixpath.dirname(place) or '.')}{part})"
