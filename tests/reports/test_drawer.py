"""Drawings made in a process of their own are the same, and its end ends nothing else."""

from __future__ import annotations

import subprocess
import sys

import pytest

from results_examples import TWO_BITS
from unstuck.diagnosis import saved
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


def test_where_there_is_no_room_for_it_the_page_is_refused_in_a_sentence(tmp_path):
    """The library asks for gigabytes of addresses and ends its process where it gets none."""
    saved.write(tmp_path / "a.unstuck", TWO_BITS, {})
    done = subprocess.run(
        ["bash", "-c", 'ulimit -v 6000000; exec "$0" -m unstuck report a.unstuck --html a.html',
         sys.executable], cwd=tmp_path, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 2
    assert not done.stdout
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert "a.html could not be written: The page's drawings cannot be made" in done.stderr
    assert not (tmp_path / "a.html").exists()
