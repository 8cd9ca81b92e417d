"""The documentation as a site, built once for all tests of a process."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
_kept: list[tempfile.TemporaryDirectory[str]] = []
"""Goes with the process."""


@functools.cache
def built_site() -> Path:
    """The folder of the site, built strictly: whatever MkDocs warns of is an error."""
    _kept.append(tempfile.TemporaryDirectory(prefix="unstuck-site-"))
    folder = Path(_kept[-1].name)
    built = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "mkdocs", "build", "--strict", "-d", folder],
        cwd=ROOT, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    return folder
