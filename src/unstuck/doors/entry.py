"""Where the command begins: with as little as a process that only waits needs to have."""

from __future__ import annotations

import sys

from . import RUNNING


def main() -> None:
    """The entry point."""
    if sys.argv[1:2] and sys.argv[1] in RUNNING:
        if any(argument.startswith("--python") for argument in sys.argv):
            from .elsewhere import asked_python, go

            python, arguments = asked_python(sys.argv[1:])
            if python is not None:
                go(python, arguments)
        from .supervising import supervised

        supervised(_main)
    else:
        _main()


def _main() -> None:
    from .cli import main

    main()
