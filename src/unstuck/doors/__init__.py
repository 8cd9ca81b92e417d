"""How people come in: the command line, Python, notebooks, tests of one's own.

`cli` is the command line; its `commands` have a file each, and share `switches`, `exits`, what a
`terminal` can show and its `terminal_progress`. `fixing` writes repaired scripts, `replay` runs one
proof again, `doctor` says what is installed. `callback`, `testing` and `notebook` are the doors from
Python, `config` is what a project sets, `crash` tells of a fault of ours. `entry` is where the command
begins, here or `elsewhere` (`--python`); it is `supervising` the process that runs the user's code, and
tells how that has `ended`.

May import: every other room. A door computes nothing that a diagnosis needs.
Others take: nothing; `unstuck/__init__.py` hands out the public names.
"""

RUNNING = ("run", "check", "compare", "guard", "fix", "replay")
"""The commands that run code of the user's, whose end is told whatever it is."""
