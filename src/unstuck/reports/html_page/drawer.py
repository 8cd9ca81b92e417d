"""The drawing library, in a process of its own that gets ready while a diagnosis is being read.

It takes a third of a second to start and lets no other thread run meanwhile. Without such a process,
or where it fails, drawings are made in this one. This file is also what that process runs, so it
imports nothing of the package.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO, Any

_WARM = {"data": {"values": [{"a": "b"}]}, "mark": "text", "encoding": {"x": {"field": "a"}}}
_started: list[subprocess.Popen[str]] = []


@contextmanager
def ahead() -> Iterator[None]:
    """Start a drawing process now, for what is drawn within."""
    try:
        process = subprocess.Popen(
            [sys.executable, "-I", __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, encoding="utf-8")  # fmt: skip
    except OSError:
        yield
        return
    _started.append(process)
    try:
        yield
    finally:
        _started.remove(process)
        process.kill()
        process.communicate()


def svg(spec: dict[str, Any]) -> str:
    """A Vega-Lite specification as SVG. Raises ValueError where it is none."""
    for process in _started:
        with suppress(OSError, ValueError):
            assert process.stdin is not None and process.stdout is not None
            process.stdin.write(json.dumps(spec) + "\n")
            process.stdin.flush()
            drawn: str = json.loads(process.stdout.readline())
            return drawn
    return _draw(spec)


def _draw(spec: dict[str, Any]) -> str:
    import vl_convert

    drawn: str = vl_convert.vegalite_to_svg(spec, allowed_base_urls=[])
    return drawn


def _serve(asked: IO[str]) -> None:
    """Answer each specification, a line, with its drawing, a line."""
    _draw(_WARM)
    for line in asked:
        sys.stdout.write(json.dumps(_draw(json.loads(line))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _serve(sys.stdin)
