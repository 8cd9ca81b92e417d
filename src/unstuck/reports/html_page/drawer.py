"""The drawing library, in a process of its own that gets ready while a diagnosis is being read.

It takes a third of a second to start and lets no other thread run meanwhile. Where it finds too little
memory it ends its process without a word (it reserves gigabytes of addresses), so that process is not
the tool's. This file is also what it runs, so it imports nothing of the package at its top.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO, Any

_WARM = {"data": {"values": [{"a": "b"}]}, "mark": "text", "encoding": {"x": {"field": "a"}}}
_started: list[subprocess.Popen[str]] = []
LACKS = "The page's drawings need a package that is not installed: pip install vl-convert-python."


def can_draw() -> bool:
    """Whether the drawing library is there: it is compiled, and not for every system."""
    return importlib.util.find_spec("vl_convert") is not None


@contextmanager
def ahead() -> Iterator[None]:
    """Start a drawing process now, for what is drawn within, if there is none yet."""
    if _started or not can_draw() or not _begun():
        yield
        return
    try:
        yield
    finally:
        while _started:
            _ended(_started.pop())


def _begun() -> bool:
    """Start a process; False where the system lets us start none."""
    with suppress(OSError):
        _started.append(subprocess.Popen(
            [sys.executable, "-P", __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, encoding="utf-8"))  # fmt: skip
        return True
    return False


def _ended(process: subprocess.Popen[str]) -> int:
    process.kill()
    process.communicate()
    return process.returncode


def svg(spec: dict[str, Any]) -> str:
    """A Vega-Lite specification as SVG; by this process where none was started.

    Raises:
        ValueError: it is no specification.
        UnstuckError: the process that draws ended, and another one too; or there is no library.
    """
    if not can_draw():
        from unstuck.base.errors import UnstuckError

        raise UnstuckError(LACKS)
    if not _started:
        return _draw(spec)
    for _ in range(2):
        with suppress(OSError, ValueError):
            drawn, fault = _asked(_started[-1], spec)
            break
        status = _ended(_started.pop())
        if not _begun():
            return _draw(spec)
    else:
        from unstuck.base.errors import UnstuckError

        raise UnstuckError(
            f"The page's drawings cannot be made: the library that draws them ended its process"
            f" ({status}), as it does where memory or addresses are few (ulimit -v). The other formats"
            " need no drawings: --format text, --json.")
    if fault:
        raise ValueError(fault)
    return drawn


def _asked(process: subprocess.Popen[str], spec: dict[str, Any]) -> tuple[str, str]:
    """A drawing, or what is wrong with the specification. Raises OSError or ValueError: it is gone."""
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(json.dumps(spec) + "\n")
    process.stdin.flush()
    drawn, fault = json.loads(process.stdout.readline())
    return drawn, fault


def _draw(spec: dict[str, Any]) -> str:
    import vl_convert

    drawn: str = vl_convert.vegalite_to_svg(spec, allowed_base_urls=[])
    return drawn


def _serve(asked: IO[str]) -> None:
    """Answer each specification, a line, with its drawing, a line."""
    _draw(_WARM)
    for line in asked:
        try:
            answer = _draw(json.loads(line)), ""
        except ValueError as error:
            answer = "", str(error) or "no drawing"
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _serve(sys.stdin)
