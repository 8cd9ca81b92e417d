"""What may stand in a name, and how it is shown."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unstuck.base.characters import printable


@pytest.mark.parametrize(("text", "shown"), [
    ("dense → relu, ß 漢 🙂", "dense → relu, ß 漢 🙂"),
    ("\x1b[31mred\x07", "␛[31mred␇"),
    ("a\x00\x7f\x9b", "a␀␡<U+009B>"),
    ("\u202egnp.py", "<U+202E>gnp.py"),
    ("a\nb\tc", "a␊b␉c"),
    ("\u2028\ud800", "<U+2028>\ufffd"),
])
def test_what_acts_is_shown(text, shown):
    assert printable(text) == shown


@given(st.text())
def test_nothing_is_left_that_acts(text):
    shown = printable(text, keep="\n")
    assert not {unicodedata.category(c) for c in shown.replace("\n", "")} & {
        "Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    assert printable(shown, keep="\n") == shown
