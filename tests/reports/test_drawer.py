"""Drawings made in a process of their own are the same, and its end ends nothing else."""

from __future__ import annotations

import pytest

from unstuck.reports.html_page import drawer

SPEC = {"data": {"values": [{"a": "x"}, {"a": "é"}]}, "mark": "bar",
        "encoding": {"x": {"field": "a"}, "y": {"aggregate": "count"}}}  # fmt: skip


def test_a_drawing_is_the_same_wherever_it_is_made():
    here = drawer.svg(SPEC)
    with drawer.ahead():
        (process,) = drawer._started
        assert [drawer.svg(SPEC), drawer.svg(SPEC)] == [here, here]
        assert process.poll() is None
    assert here.startswith("<svg") and "é" in here
    assert process.poll() is not None and not drawer._started


@pytest.mark.parametrize("moment", ["before", "between"])
def test_where_the_process_has_died_drawings_go_on(moment):
    here = drawer.svg(SPEC)
    with drawer.ahead():
        if moment == "between":
            assert drawer.svg(SPEC) == here
        drawer._started[0].kill()
        drawer._started[0].wait()
        assert drawer.svg(SPEC) == here


def test_a_drawing_that_is_none_is_an_error_of_ours_and_not_of_the_process():
    with drawer.ahead(), pytest.raises(ValueError, match="Vega-Lite"):
        drawer.svg({"mark": "no such mark"})


def test_without_a_process_drawings_are_made_here(monkeypatch):
    monkeypatch.setattr(drawer.sys, "executable", "/no/such/python")
    with drawer.ahead():
        assert not drawer._started
        assert drawer.svg(SPEC).startswith("<svg")
