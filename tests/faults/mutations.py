"""Documents of ours with parts of them exchanged for what somebody might write there."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

MARK = "hostile"
"""Stands in every piece of code below, and must never get into a script but within quotes."""
CODE = (
    f'__import__("{MARK}").system("touch ran")', f"os.system('touch {MARK}')", f"x); {MARK}(1",
    f"\n{MARK}()\n", f"'''{MARK}", f'") + {MARK}() + ("', f"lambda: {MARK}", f"{{{{ {MARK} }}}}",
    f"{{% {MARK} %}}", f"!!python/object/apply:{MARK}", f"\\u0022){MARK}(", f"relu', {MARK}('",
)
PLACES = ("/etc/passwd", "../../../../etc/passwd", "~/.ssh/id_rsa", "file:///etc/passwd", "/dev/zero",
          "\\\\host\\share", "http://localhost:1/x", "train.py\0.txt", "-", "")
TEXTS = ("</script><img src=x onerror=alert(1)>", "\x1b]0;t\x07", "\u202egnp", "\u2028", "a" * 5000,
         "%0A::error::x", "::set-output name=a::b", "\ud800", "NaN", "Infinity", "STUCK", "cause")
NUMBERS = (0, -1, 1, 2**31, -(2**63), 2**70, 10**400, 0.5, -0.0, 1e308, -1e-300, 1e400)

hostile = (st.sampled_from([*CODE, *PLACES, *TEXTS, *NUMBERS, None, True, False, [], {}, [[]], [{}]])
           | st.integers() | st.floats() | st.text(max_size=12))


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of everything in a document, itself left out."""
    entries = value.items() if isinstance(value, dict) else (
        enumerate(value) if isinstance(value, list) else ())
    for key, entry in entries:
        yield (*path, key)
        yield from places(entry, (*path, key))


def at(document: Any, path: tuple[Any, ...]) -> Any:
    """What stands there."""
    for key in path:
        document = document[key]
    return document


@st.composite
def changed(draw: Any, documents: list[Any]) -> Any:
    """One of the documents, with one to five things in it exchanged, left out, repeated or moved."""
    document = copy.deepcopy(draw(st.sampled_from(documents)))
    for _ in range(draw(st.integers(1, 5))):
        known = list(places(document))
        if not known:
            return document
        *before, key = draw(st.sampled_from(known))
        holder = at(document, tuple(before))
        how = draw(st.sampled_from(["other", "other", "other", "gone", "again", "moved", "more"]))
        if how == "other":
            holder[key] = copy.deepcopy(draw(hostile))  # a later change may go into it
        elif how == "gone":
            del holder[key]
        elif how == "moved":
            holder[key] = copy.deepcopy(at(document, draw(st.sampled_from(known))))
        elif how == "again" and isinstance(holder, list):
            holder[key:key] = [holder[key]] * draw(st.integers(1, 30))
        elif how == "more" and isinstance(holder, dict):
            holder[draw(st.sampled_from([*CODE, *TEXTS, "path", "edits", "code"]))] = copy.deepcopy(
                draw(hostile))
    return document
