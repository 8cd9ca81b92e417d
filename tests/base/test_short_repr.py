"""What a public object shows of itself: a few lines, and no data."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from results_examples import EXAMPLES, TWO_BITS
from unstuck.base.short_repr import Short


@dataclasses.dataclass(frozen=True, repr=False)
class Held(Short):
    name: str
    rows: Any = None
    text: str = ""


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_part_of_a_result_is_told_in_a_few_lines(name: str) -> None:
    result = EXAMPLES[name]
    for part in (result, *result.arms, *result.repairs, *result.facts, result.population, result.goal):
        assert len(repr(part)) <= 800 and "\n" not in repr(part)


def test_data_are_told_by_their_shape() -> None:
    held = Held(name="it", rows=np.zeros((3, 2)))
    assert repr(held) == "Held(name='it', rows=<ndarray (3, 2)>)"
    assert "<td style='text-align: left'>&lt;ndarray (3, 2)&gt;</td>" in held._repr_html_()


def test_a_notebook_shows_the_whole_diff_and_nothing_that_could_be_markup() -> None:
    repair = dataclasses.replace(TWO_BITS.repairs[0], diff="- <b>old</b>\n+ new\n")
    assert "<pre>- &lt;b&gt;old&lt;/b&gt;\n+ new</pre>" in repair._repr_html_()
    assert "… 10 lines more</pre>" in Held(name="it", text="line\n" * 50)._repr_html_()
