"""Reading files of unknown origin: what they are and how long, before anything of them is read."""

from __future__ import annotations

import os
import stat
import tomllib
from pathlib import Path
from typing import Any

from .errors import UnstuckError

LARGEST_SCRIPT = 1 << 24
"""Most bytes of a script."""
LARGEST_TOML = 1 << 20
"""Most bytes of settings and of a lock file."""


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


def toml_of(path: Path) -> dict[str, Any]:
    """What a TOML file holds.

    Raises:
        UnstuckError: it cannot be read, is no file, too long, or no TOML.
    """
    try:
        size = size_of(path)
        if size is None:
            raise UnstuckError(f"{path} is no file that could be read.")
        if size > LARGEST_TOML:
            raise UnstuckError(f"{path} has {size:,} bytes, and unstuck reads at most"
                               f" {LARGEST_TOML:,}.")
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UnstuckError(f"{path} cannot be read: {error.strerror or error}.") from error
    except (ValueError, RecursionError) as error:
        raise UnstuckError(f"{path} is no valid TOML: {error}.") from error
