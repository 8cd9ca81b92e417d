"""What a script's comments ask for: `# unstuck: ignore[NAME]` on a line, `# unstuck: ignore-file`."""

from __future__ import annotations

import io
import re
import tokenize
from dataclasses import dataclass

_ASKED = re.compile(r"#\s*unstuck:\s*(ignore-file|ignore)\b\s*(?:\[([^\]]*)\])?")


@dataclass(frozen=True)
class Ignore:
    """Checks that are not to speak about a line, or, where `line` is `None`, about the whole file.

    `at` is the comment's own line, `names` the checks; empty: all.
    """

    at: int
    line: int | None
    names: frozenset[str]


def ignores(text: str) -> tuple[Ignore, ...]:
    """The comments of that kind in a source that Python can read; strings are no comments."""
    found = []
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        asked = _ASKED.search(token.string) if token.type == tokenize.COMMENT else None
        if asked is not None:
            names = frozenset(n.strip() for n in (asked[2] or "").split(",") if n.strip())
            line = token.start[0]
            found.append(Ignore(line, None if asked[1] == "ignore-file" else line, names))
    return tuple(found)
