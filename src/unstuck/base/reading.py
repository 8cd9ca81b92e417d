"""Reading files of unknown origin: what they are and how long, before anything of them is read."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from .errors import UnstuckError

LARGEST_SCRIPT = 1 << 24
"""Most bytes of a script."""


def size_of(path: Path) -> int | None:
    """The length of a file in bytes; `None` where it is a pipe or a device. Raises OSError."""
    found = os.stat(path)
    return found.st_size if stat.S_ISREG(found.st_mode) else None


def refuse_no_script(path: Path) -> None:
    """Refuse what cannot be a script by its kind or its length; a folder is let pass.

    Raises:
        UnstuckError: it is a pipe, a socket or a device, or too long.
        OSError: it cannot be looked at.
    """
    if path.is_dir():
        return
    size = size_of(path)
    if size is None:
        raise UnstuckError(f"{path} is a pipe, a socket or a device. A script is run several times, so"
                           " it has to be a file: save it as one first.")
    if size > LARGEST_SCRIPT:
        raise UnstuckError(f"{path} is no script: it has {size:,} bytes, and unstuck reads at most"
                           f" {LARGEST_SCRIPT:,}.")
