"""`unstuck doctor`: what is installed, and what is missing."""

from __future__ import annotations

from unstuck.doors.exits import FAILED, WELL

from .output import show


def doctor() -> int:
    """Show versions, devices and engines, and what is missing."""
    from unstuck.doors.doctor import report as examine

    lines, complete = examine()
    wide = max(len(name) for name, _ in lines)
    show("".join(f"{name:<{wide}}  {value}\n" for name, value in lines))
    return WELL if complete else FAILED
