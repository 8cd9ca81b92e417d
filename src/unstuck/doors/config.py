"""What a project sets for itself: `[tool.unstuck]` in pyproject.toml, or unstuck.toml.

The nearest file counts, from the working directory upward; switches win over it. A cloned project may
bring one, so nothing in it names code, a path or an address.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from unstuck.base.errors import UnstuckError
from unstuck.base.reading import toml_of

KEYS: dict[str, type] = {
    "budget": str, "horizon": str, "rows": int, "replicas": int,
    "seed": int, "goal": str, "select": list, "ignore": list,
    "device": str, "jobs": int, "format": str, "color": str, "quiet": bool, "exit-zero": bool,
}
"""The switches that may be set, as they are written, and what they take."""
_SAID = {str: "a text", int: "a whole number", list: "a list of names", bool: "true or false"}


def find(folder: Path) -> tuple[Path | None, dict[str, Any]]:
    """The nearest file that sets something, and what it sets, by switch.

    Raises:
        UnstuckError: it cannot be read, or sets something that is not in `KEYS`.
    """
    for place in (folder, *folder.parents):
        own, project = place / "unstuck.toml", place / "pyproject.toml"
        if own.is_file():
            return own, _checked(own, toml_of(own))
        table = toml_of(project).get("tool", {}) if project.is_file() else {}
        if isinstance(table, dict) and "unstuck" in table:
            return project, _checked(project, table["unstuck"])
    return None, {}


def _checked(path: Path, table: Any) -> dict[str, Any]:
    if not isinstance(table, dict):
        raise UnstuckError(f"{path}: tool.unstuck is no table.")
    for name, value in table.items():
        kind = KEYS.get(name)
        if kind is None:
            raise UnstuckError(f"{path} sets {name!r}, which cannot be set there; what can:"
                               f" {', '.join(KEYS)}.")
        if type(value) is not kind or not all(
                isinstance(part, str) for part in (value if isinstance(value, list) else ())):
            raise UnstuckError(f"{path} sets {name} to {value!r}; it takes {_SAID[kind]}.")
    return table
