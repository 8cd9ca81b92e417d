"""F06: Ctrl-C and its like, at whatever moment: a report with what is known, or a clear end."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from faults.helpers import SCRIPT, Counted, diagnosed, in_terminal, said, written
from unstuck.base import interrupts
from unstuck.doors.exits import exit_code
from unstuck.reports import all_reports, render
from unstuck.search.budget import Budget

MORE = Budget.parse("6000runs")
"""Room for more than twenty looks."""
SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


def test_at_twenty_moments_of_the_work(tmp_path, monkeypatch, fault):
    """Whatever is known is reported, in every form; going on then ends as if undisturbed."""
    script = written(tmp_path)
    undisturbed = diagnosed(script, journals=tmp_path / "other", budget=MORE)
    chance = random.Random(5)
    before_any = 0
    for moment in range(1, 21):
        def come(number, moment=moment):
            if number == moment:
                os.kill(os.getpid(), chance.choice(SIGNALS))

        journals = tmp_path / str(moment)
        with monkeypatch.context() as patched, interrupts.heeded():
            counted = Counted(patched, **{chance.choice(["before", "after"]): come})
            try:
                found = diagnosed(script, journals=journals, keep=True, budget=MORE)
            except KeyboardInterrupt:
                assert moment == 1
                before_any += 1
                continue
        assert any(note.startswith("interrupted") for note in found.result.notes)
        assert exit_code(found.result) == 130
        assert len(counted.calls) == moment
        for name in all_reports():
            assert render(name, found.result)
        assert found.result.population.replicas >= (2 if moment == 2 else 64)
    last = diagnosed(script, journals=tmp_path / "20", budget=MORE)
    assert said(last) == said(undisturbed)
    assert before_any <= 1
    fault("F06", 20, "a report with what is known, exit 130; the same command goes on afterwards")


class Destroyed:
    """Interrupts the process while it is destroyed, where Python lets no exception out."""

    def __del__(self):
        os.kill(os.getpid(), signal.SIGTERM)
        sum(range(100))  # the handler runs here


@pytest.mark.parametrize("later", [0.01, 1e-6])
def test_an_interrupt_where_nothing_can_be_raised_comes_all_the_same(later, monkeypatch, capsys):
    monkeypatch.setattr(interrupts, "_LATER", later)  # at once: where it is still being swallowed

    def destroy():
        gone = Destroyed()
        del gone
        for _ in range(500):
            time.sleep(0.01)

    hook = sys.unraisablehook
    with pytest.raises(KeyboardInterrupt), interrupts.heeded():
        destroy()
    assert sys.unraisablehook is hook
    assert "Traceback" not in capsys.readouterr().err


def test_handlers_are_put_back():
    before = [signal.getsignal(number) for number in SIGNALS]
    with pytest.raises(KeyboardInterrupt), interrupts.heeded():
        os.kill(os.getpid(), signal.SIGTERM)
    assert [signal.getsignal(number) for number in SIGNALS] == before
    assert not interrupts.ours()


def test_what_is_ignored_stays_ignored():
    """nohup makes a process deaf to SIGHUP, and so it shall stay."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with interrupts.heeded():
            os.kill(os.getpid(), signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)


TWICE = """\
import os, signal, subprocess, sys, time
from unstuck.base import interrupts
with interrupts.heeded():
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    print(child.pid, flush=True)
    try:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(5)
    except KeyboardInterrupt:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(60)
"""


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="children are told by Linux")
def test_the_second_ends_at_once_with_all_children(fault):
    begun = time.monotonic()
    done = subprocess.run([sys.executable, "-c", TWICE], capture_output=True, text=True, check=False)
    assert done.returncode == 130
    assert time.monotonic() - begun < 20
    assert "interrupted twice" in done.stderr
    time.sleep(0.2)
    state = Path(f"/proc/{int(done.stdout)}/stat")
    assert not state.exists() or state.read_text().split()[2] == "Z"  # dead, not waited for yet
    fault("F06", 1, "twice: the end at once, the children with it")


CONVOLVED = """\
import keras
import numpy as np

rng = np.random.default_rng(0)
x = rng.normal(size=(64, 8, 8, 1)).astype("float32")
y = (x.sum(axis=(1, 2, 3)) > 0).astype("float32")
model = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Conv2D(2, 3, activation="relu"),
                          keras.layers.Flatten(), keras.layers.Dense(1, activation="sigmoid")])
model.compile(loss="binary_crossentropy", optimizer=keras.optimizers.SGD(1e-4))
model.fit(x, y, epochs=3, batch_size=32, verbose=0)
"""
MOMENTS = {"two bits": (SCRIPT.replace("x = x[", "np.random.seed(4)\nx = x["), 20, 7.0, []),
           "Conv2D, two workers": (CONVOLVED, 80, 12.0, ["--jobs", "2"])}
"""A script, at how many moments it is interrupted, until when, and further switches."""


def left_of(folder: Path) -> list[str]:
    """Processes that still work in a folder."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            if os.readlink(place / "cwd") == str(folder) and int(place.name) != os.getpid():
                found.append((place / "cmdline").read_text())
        except OSError:
            continue
    return found


@pytest.mark.slow
@pytest.mark.skipif("not os.environ.get('UNSTUCK_SLOW')", reason="minutes; UNSTUCK_SLOW=1 runs it")
@pytest.mark.parametrize("name", MOMENTS)
def test_in_a_terminal_at_random_moments(name, tmp_path, fault):
    text, moments, latest, switches = MOMENTS[name]
    written(tmp_path, text)
    environ = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache"), "TERM": "xterm"}
    command = [sys.executable, "-m", "unstuck", "run", "train.py", "--budget", "60s", "--json",
               "out.json", *switches]
    chance = random.Random(2)

    def interrupt(process):
        time.sleep(chance.uniform(0.3, latest))
        process.send_signal(chance.choice(SIGNALS))

    for _ in range(moments):
        (tmp_path / "out.json").unlink(missing_ok=True)
        status, shown = in_terminal(command, tmp_path, environ, meanwhile=interrupt)
        assert status in (0, 1, 3, 130, *(-number for number in SIGNALS)), shown
        assert "Traceback" not in shown and "ended the process" not in shown
        assert shown.count("\x1b[?25l") <= shown.count("\x1b[?25h")
        if (tmp_path / "out.json").exists():
            assert json.loads((tmp_path / "out.json").read_text())["outcome"]
        time.sleep(0.5)
        assert left_of(tmp_path) == []
    fault("F06", moments, f"at random moments in a terminal ({name}): a whole report or a clear end,"
                          " cursor shown, no process left")
