"""Padding masked, as it is tried and as it is written."""

from __future__ import annotations

import pytest

from interventions.sameness import assert_square, original
from unstuck.base.errors import NotSupported
from unstuck.interventions.mask_padding import MaskPadding, read_padding
from unstuck.interventions.widths import Widths


def test_it_is_written_as_it_was_tried() -> None:
    written = assert_square("padded", (MaskPadding(),)).text
    assert "output_dim=4, input_length=12, mask_zero=True)" in written
    _, recipe = original("padded")
    assert_square("padded", (MaskPadding(layer="embedding"), Widths.of(recipe, at_least=8)))


def test_what_is_read_and_who_reads_it() -> None:
    _, recipe = original("padded")
    found = read_padding(recipe)
    assert found is not None
    assert (found.zeros, found.steps) == (7, 12)
    assert (found.embedding.kind, found.reader.kind) == ("Embedding", "Bidirectional")
    assert read_padding(MaskPadding().apply(recipe)) is None


@pytest.mark.parametrize("style", ["functional", "shapes", "recurrent"])
def test_elsewhere_there_is_nothing_to_mask(style: str) -> None:
    _, recipe = original(style)
    assert read_padding(recipe) is None
    with pytest.raises(NotSupported):
        MaskPadding().apply(recipe)
