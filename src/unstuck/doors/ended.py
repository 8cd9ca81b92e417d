"""How the process that did the work ended, in a sentence, where it could not tell that itself."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import sysconfig
from pathlib import Path

from unstuck.base import last_words
from unstuck.base.characters import printable

_CRASHES = ("SIGSEGV", "SIGABRT", "SIGBUS", "SIGFPE", "SIGILL", "SIGSYS", "SIGTRAP")
_FRAME = re.compile(r'^  File "(.*)", line (\d+) in (.+)$', re.MULTILINE)
_OURS = str(Path(__file__).parents[1])
_LARGEST = 1 << 20


def told(status: int, page: last_words.Page, trace: int | None) -> tuple[str, int]:
    """A sentence, and the status to exit with: 4 where it was the script, 2 where that is not known.

    Args:
        status: as `os.waitpid` gives it.
        page: what the process had written down.
        trace: where a crash leaves its lines.
    """
    step = f" at the step “{printable(page.step)}”" if page.step else " before your script was run"
    if os.WIFEXITED(status):
        how = f"status {os.WEXITSTATUS(status)}{step}, and told nothing more"
        said = (f"your script ended the process with {how}: compiled code that it uses has called exit,"
                " or another program was put into the place of this one.")
        return f"unstuck: {said} {_left(page)}", 4
    number = os.WTERMSIG(status)
    name = (signal.strsignal(number) or "unknown").lower()
    how = f"signal {number} ({name})"
    if number not in {getattr(signal, name, 0) for name in _CRASHES}:
        why = (": by somebody, or by the system, which does so for want of memory"
               if number == signal.SIGKILL else "")
        return f"unstuck: the process was ended from outside with {how}{step}{why}. {_left(page)}", 2
    frames = _frames(trace)
    own = next((frame for frame in frames if _is_the_users(frame[0])), None)
    failed = _noted(page, f"training this ended the process with {how}")
    if own is not None:
        file, line, function = own
        where = f"{_short(file)}, line {line}" + ("" if function == "<module>" else f" ({function})")
        return f"unstuck: your script ended the process with {how} in {where}{step}. {failed}", 4
    if not frames:
        return f"unstuck: the process ended with {how}{step}; where is not known. {failed}", 2
    inner = _package(frames[0][0])
    whose = f" of {inner}" if inner else ""
    return (f"unstuck: compiled code{whose} ended the process with {how}{step}, and no line of your"
            f" script's was being run. {failed}"), 2


def _left(page: last_words.Page) -> str:
    if page.kept:
        return "What had been trained is kept: the same command goes on where this one stopped."
    return "Nothing was found out."


def _noted(page: last_words.Page, why: str) -> str:
    """Note in the journal that what was trained is not to be trained again; what comes of it."""
    if page.risk is None or not page.kept:  # without anything else known, leaving it out is of no use
        return _left(page)
    from unstuck.base.records import appended  # after a crash only: it imports numpy

    path, document = page.risk
    try:
        appended(Path(path), {**document, "why": f"{why} before; --fresh tries it again"})
    except (OSError, ValueError):
        return _left(page)
    return ("What had been trained is kept: the same command goes on, and leaves out what was being"
            " trained; --fresh begins anew.")


def _frames(trace: int | None) -> list[tuple[str, str, str]]:
    """File, line and function of where the crash was, the innermost first."""
    if trace is None:
        return []
    text = b""
    with contextlib.suppress(OSError):
        text = os.pread(trace, _LARGEST, 0)
    # Of a child of the script's there may be one, too; the last is ours.
    return _FRAME.findall(text.decode(errors="replace").rpartition("Fatal Python error")[2])


def _is_the_users(file: str) -> bool:
    if file.startswith((_OURS, "<")) or {"site-packages", "dist-packages"} & set(Path(file).parts):
        return False
    return not file.startswith(sysconfig.get_path("stdlib"))


def _package(file: str) -> str:
    parts = Path(file).parts
    at = next((n for n, part in enumerate(parts) if part in ("site-packages", "dist-packages")), None)
    if at is not None and at + 1 < len(parts):
        return parts[at + 1]
    return "unstuck" if file.startswith(_OURS) else ""


def _short(file: str) -> str:
    """As seen from the working directory, where it lies below."""
    with contextlib.suppress(OSError):
        file = file.removeprefix(os.getcwd() + os.sep)
    return printable(file.encode(errors="replace").decode())


