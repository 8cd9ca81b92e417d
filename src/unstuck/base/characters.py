"""Text of unknown origin as it may be shown: nothing in it moves a cursor, rings, or turns the line.

A control character is shown as its picture (␛, ␇), a sign of direction or another one without a form
as its number in angle brackets, and what is no character as the sign for that.
"""

from __future__ import annotations

import unicodedata

_PICTURES, _DELETE = 0x2400, 0x7F


def printable(text: str, keep: str = "") -> str:
    """A text without any character that acts instead of being read.

    Args:
        text: of anybody.
        keep: characters that stay as they are, such as a newline.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if c in keep else _shown(c) for c in text)


def _shown(character: str) -> str:
    if " " <= character <= "~":
        return character
    code, category = ord(character), unicodedata.category(character)
    if code < ord(" "):
        return chr(_PICTURES + code)
    if code == _DELETE:
        return "\u2421"
    if category in ("Cc", "Cf", "Zl", "Zp"):
        return f"<U+{code:04X}>"
    return "\ufffd" if category in ("Cs", "Co", "Cn") else character
