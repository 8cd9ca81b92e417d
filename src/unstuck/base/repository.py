"""Where a file stands in the repository that holds it, as GitHub and code scanning name it."""

from __future__ import annotations

from pathlib import Path, PurePath


def place_in_repository(path: str) -> str:
    """A full path from the folder that holds `.git`, or else from the working folder.

    A path that is not full, or lies in neither, is handed back as it is.
    """
    given = PurePath(path)
    if not given.is_absolute():
        return path
    real = Path(path)
    try:
        root = next((one for one in real.parents if (one / ".git").exists()), Path.cwd())
    except OSError:
        return path
    return real.relative_to(root).as_posix() if real.is_relative_to(root) else path
