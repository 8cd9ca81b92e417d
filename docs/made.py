"""What the texts show of commands, made by running them.

    python docs/made.py [FILE …]

Below each comment `<!-- run: COMMAND -->` of a page the fenced block is written anew with what the
command prints. A page's commands run one after the other in one folder, which holds copies of
`examples/`, of `specimens/`, and of the files that the page's `<!-- file: NAME -->` blocks hold. The
page's last line, `*Made by …*`, then says when and on what.
"""

from __future__ import annotations

import importlib.metadata
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path

from unstuck import __version__

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
_RUN = re.compile(r"<!-- run: (?P<command>.*?) -->\n```text\n(?P<output>.*?)```\n", re.S)
_FILE = re.compile(r"<!-- file: (?P<name>\S+) -->\n```\w+[^\n]*\n(?P<text>.*?)```\n", re.S)
_STAMP = re.compile(r"^\*Made by .*\*$", re.M)


def stamp(command: str) -> str:
    """When a text was made, by what, and on what."""
    versions = ", ".join(f"{shown} {importlib.metadata.version(name)}" for shown, name in (
        ("Keras", "keras"), ("JAX", "jax")))  # fmt: skip
    today = date.today()
    python = f"Python {sys.version_info.major}.{sys.version_info.minor}"
    return (f"*Made by `{command}` on {today.day} {today:%B %Y}: unstuck {__version__}, {versions},"
            f" {python}, {os.cpu_count()} cores.*")  # fmt: skip


def printed(command: str, folder: Path) -> str:
    """What a command prints: the answer, or where it goes by messages alone (`fix`), those."""
    words = shlex.split(command)
    assert words[0] == "unstuck", command
    words[:1] = [sys.executable, "-m", "unstuck"]
    environment = {**os.environ, "COLUMNS": "80", "NO_COLOR": "1"}
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, encoding="utf-8",
                          check=False)  # fmt: skip
    shown = (done.stdout or done.stderr).replace(f"{folder}/", "").rstrip()
    assert shown, command
    return "\n".join(line.rstrip() for line in shown.splitlines()) + "\n"


def make(page: Path) -> None:
    """Write a page's blocks anew."""
    text = page.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for script in (*ROOT.glob("examples/*.py"), *ROOT.glob("specimens/*.py")):
            shutil.copy(script, folder)
        for file in _FILE.finditer(text):
            (folder / file["name"]).write_text(file["text"], encoding="utf-8")
        text = _RUN.sub(lambda m: f"<!-- run: {m['command']} -->\n```text\n"
                                  f"{printed(m['command'], folder)}```\n", text)  # fmt: skip
    text = _STAMP.sub(lambda _: stamp("python docs/made.py"), text)
    page.write_text(text, encoding="utf-8")


def main() -> None:
    """Write the pages that are named anew, or all that have such a block."""
    asked = [Path(name) for name in sys.argv[1:]]
    for page in asked or sorted(DOCS.rglob("*.md")):
        if "<!-- run: " in page.read_text(encoding="utf-8"):
            print(page)
            make(page)


if __name__ == "__main__":
    main()
