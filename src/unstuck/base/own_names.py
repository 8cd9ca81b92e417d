"""Texts with the names that the user gave things, in the places of names made up for them.

Where a name is a word too ("dropout", "dense"), it is only replaced where it can be nothing else:
before a colon, an arrow with a number, or its class in brackets.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

Told = Callable[[str], str]
_AS_NAME = r"(?=:|\s→ \d|\s\([A-Z]|\sremoved)"


def teller(names: Mapping[str, str]) -> Told | None:
    """What puts the author's names into a text; `None` where there are none to put."""
    changed = {name: own for name, own in names.items() if name != own}
    if not changed:
        return None
    forms = [re.escape(name) + (r"(?![\w-])" if re.search(r"\d|_", name) else _AS_NAME)
             for name in sorted(changed, key=len, reverse=True)]
    pattern = re.compile(rf"(?<![\w.'\"-])(?:{'|'.join(forms)})")
    return lambda text: pattern.sub(lambda found: changed[found[0]], text)
