"""`--python PATH`: the command, run by another environment's Python, where the script's packages are.

That environment's packages come first. unstuck itself, and what it needs and finds not there, come from
here, behind them (`startup/sitecustomize.py`, so that every process started there has them as well).
Before that, `probe.py` is run there and says what is in the way, if something is. This is done before
anything is imported: the process becomes the other one.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import NoReturn

HERE = Path(__file__).parent
PACKAGE = HERE.parents[1]
FAILED = 2


def asked_python(arguments: list[str]) -> tuple[str | None, list[str]]:
    """What `--python` names, and the arguments without it; what stands behind `--` is the script's."""
    own = arguments[: arguments.index("--")] if "--" in arguments else arguments
    for place, argument in enumerate(own):
        if argument == "--python" and place + 1 < len(own):
            return own[place + 1], arguments[:place] + arguments[place + 2 :]
        if argument.startswith("--python="):
            return argument.partition("=")[2], arguments[:place] + arguments[place + 1 :]
    return None, arguments


def go(python: str, arguments: list[str]) -> NoReturn:
    """Become `python -m unstuck ARGUMENTS` there; exit with a sentence where that cannot be."""
    searched = [str(HERE / "startup"), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(searched),
        "UNSTUCK_PACKAGE": str(PACKAGE),
        "UNSTUCK_BORROWED": os.pathsep.join(borrowed()),
    }
    told = _obstacle(python, environment)
    if told:
        sys.stderr.write(f"unstuck: --python {python}: {told}.\n")
        sys.exit(FAILED)
    command = [python, "-P", "-m", "unstuck", *arguments]
    if os.name == "nt":  # there `exec` makes a second process, for which nobody waits
        sys.exit(subprocess.call(command, env=environment))
    os.execvpe(python, command, environment)


def borrowed() -> list[str]:
    """This Python's folders of packages, its own library left out."""
    library = {os.path.realpath(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib")}
    searched = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    given = {os.path.realpath(path) for path in searched if path}
    found = sys.path[0 if sys.flags.safe_path else 1 :]
    return [path for path in found
            if os.path.isdir(path) and os.path.basename(path) != "lib-dynload"
            and os.path.realpath(path) not in library | given]  # fmt: skip


def _obstacle(python: str, environment: dict[str, str]) -> str:
    """Why unstuck cannot run there, as the end of a sentence; empty where it can."""
    version = f"{sys.implementation.name} {sys.version_info.major}.{sys.version_info.minor}"
    try:
        done = subprocess.run(
            [python, str(HERE / "probe.py"), version], env=environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, encoding="utf-8", check=False)  # fmt: skip
    except OSError as error:
        return f"it cannot be run: {error.strerror or error}"
    if done.returncode:
        return f"it ended with {done.returncode} when it was asked what it has"
    return done.stdout.strip()
