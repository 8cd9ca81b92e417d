"""Comments above edits: where they stand, what they share, and where there are none."""

from __future__ import annotations

import pytest

from unstuck.script import Edit, Script

SOURCE = """\
import numpy as np

EPOCHS = 5
def train(model, x, y):
    if x.any():
        model.fit(
            x, y,
            epochs=EPOCHS,
            batch_size=1000,
        )
    for row in x: model.fit(row, y); print(row)
"""


def edit(text: str, old: str, new: str) -> Edit:
    start = text.encode().index(old.encode())
    return Edit(start=start, end=start + len(old.encode()), replacement=new)


def remarked(source: str, *groups: tuple[str, list[Edit]]) -> str:
    script = Script.parse(source)
    return script.apply(script.with_remarks(groups)).text


def test_edits_of_one_statement_share_a_block_above_it() -> None:
    text = remarked(SOURCE, ("batches: too large", [edit(SOURCE, "=1000", "=32")]),
                    ("epochs: too few", [edit(SOURCE, "epochs=EPOCHS", "epochs=9")]))
    assert """\
    if x.any():
        # batches: too large
        # epochs: too few
        model.fit(
            x, y,
            epochs=9,
            batch_size=32,
""" in text


def test_new_lines_have_their_comment_above_them_and_their_statement_no_second_one() -> None:
    start = SOURCE.index("        model.fit(\n")
    lines = Edit(start=start, end=start, replacement="        x = x / 255\n")
    text = remarked(SOURCE, ("pixels", [lines, edit(SOURCE, "x, y,", "x, 2 * y,")]),
                    ("batches", [edit(SOURCE, "=1000", "=32")]))
    assert text[text.index("        # pixels"):].startswith("""\
        # pixels
        x = x / 255
        # batches
        model.fit(
            x, 2 * y,
""")
    assert text.count("# pixels") == 1


def test_a_comment_that_stands_there_already_is_not_written_again() -> None:
    once = remarked(SOURCE, ("epochs: too few", [edit(SOURCE, "= 5", "= 50")]))
    assert "# epochs: too few\nEPOCHS = 50\n" in once
    again = remarked(once, ("epochs: too few", [edit(once, "= 50", "= 500")]))
    assert again == once.replace("= 50", "= 500")


@pytest.mark.parametrize("change", [
    pytest.param(edit(SOURCE, "print(row)", "pass"), id="a line of two statements"),
    pytest.param(edit(SOURCE, "EPOCHS = 5\n", ""), id="a line that goes"),
    pytest.param(Edit(start=0, end=0, replacement="import keras\n"), id="an import"),
    pytest.param(edit(SOURCE, "x.any()", "len(x)"), id="the head of a block"),
])
def test_there_is_no_comment_where_none_can_stand(change: Edit) -> None:
    script = Script.parse(SOURCE)
    assert remarked(SOURCE, ("why", [change])) == script.apply([change]).text


def test_a_comment_in_sight_is_not_said_again() -> None:
    source = "a = 1\n" * 3 + "\n" * 12 + "b = 1\n"
    edits = [Edit(start=at, end=at + 1, replacement="2")
             for at in range(len(source)) if source[at] == "1"]
    text = remarked(source, ("was 1", edits))
    assert text == "# was 1\n" + "a = 2\n" * 3 + "\n" * 12 + "# was 1\nb = 2\n"


def test_a_comment_is_no_longer_than_its_line_and_of_the_files_encoding() -> None:
    text = remarked("if 1:\n    a = 1\n", ("word " * 40, [Edit(start=14, end=15, replacement="2")]))
    assert max(map(len, text.splitlines())) <= 88 and " ...\n" in text
    latin = "# -*- coding: latin-1 -*-\na = 1\n"
    change = edit(latin, "1\n", "2\n")
    assert remarked(latin, ("1 → 2", [change])) == latin.replace("a = 1", "a = 2")


def test_lines_at_the_end_and_windows_newlines() -> None:
    end = Edit(start=5, end=5, replacement="\nb = 2")
    assert remarked("a = 1", ("more", [end])) == "a = 1\n# more\nb = 2"
    source = "a = 1\r\nb = 1\r\n"
    text = remarked(source, ("was 1", [edit(source, "b = 1", "b = 2")]))
    assert text == "a = 1\r\n# was 1\r\nb = 2\r\n"
