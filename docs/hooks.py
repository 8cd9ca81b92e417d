"""What MkDocs shows: the README, the other texts of the repository, and a page for each check.

Nothing of it is kept here. `explain` reads the checks' docstrings; links between the repository's
texts are turned to where MkDocs puts them.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

from unstuck.reports.manual import site
from unstuck.reports.manual.pages import entries

ROOT = Path(__file__).parent.parent
TEXTS = {"README.md": "index.md", "ARCHITECTURE.md": "architecture.md",
         "CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md",
         "docs/autoencoders.md": "docs/autoencoders.md", "docs/gpu.md": "docs/gpu.md",
         "docs/why-two-bits-is-hard.md": "docs/why-two-bits-is-hard.md"}  # fmt: skip


def on_files(files: Files, config: Any) -> Files:
    """Add every page to the set, which is empty otherwise."""
    pages = {"checks/index.md": site.markdown_index()}
    pages |= {f"checks/{e.name}.md": site.markdown(e) for e in entries().values()}
    for name, place in TEXTS.items():
        pages[place] = _linked((ROOT / name).read_text(encoding="utf-8"))
    for place, text in pages.items():
        files.append(File.generated(config, place, content=text))
    docs = ROOT / "docs"
    for image in (*sorted(docs.glob("*.png")), *sorted(docs.glob("figures/*.svg"))):
        place = image.relative_to(ROOT).as_posix()
        files.append(File.generated(config, place, content=image.read_bytes()))
    return files


def _linked(text: str) -> str:
    text = text.replace("](docs/pages/", "](")
    return re.sub(r"\]\(([A-Z]+\.md)\)", lambda m: f"]({TEXTS.get(m[1], m[1])})", text)
