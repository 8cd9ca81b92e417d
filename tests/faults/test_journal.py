"""The journal: whatever happens to it or to the process, nothing is lost twice or believed unread."""

from __future__ import annotations

import errno
import itertools
import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import keras
import numpy as np
import pytest
from typer.testing import CliRunner

import unstuck
from faults.helpers import SCRIPT, Counted, diagnosed, said, written
from unstuck.base import journal as journals
from unstuck.base.journal import Journal, open_journal
from unstuck.base.records import MAGIC, encoded, records
from unstuck.diagnosis.repair import AFTER
from unstuck.doors.cli import app
from unstuck.population.identity import fingerprint

ASKED = {"script": "a", "budget": "2m", "seed": 0}


def opened(folder: Path, fresh: bool = False, **changes: object) -> Journal:
    return open_journal(folder, folder / "train.py", {**ASKED, **changes}, fresh=fresh)


def filled(folder: Path, count: int = 3) -> Path:
    """A closed journal with some records of a few bytes, the only one in the folder."""
    journal = opened(folder)
    for i in range(count):
        assert journal.append({"kind": "n", "n": i}, {"a": np.full(i, i, np.float32)})
    journal.close()
    assert journal.notes == []
    return journal.path


def numbers(journal: Journal) -> list[int]:
    return [r.document["n"] for r in journal.known if r.document["kind"] == "n"]


class Killed(BaseException):
    """Stands in for SIGKILL: nothing but `finally` runs."""


def test_what_was_kept_comes_back(tmp_path, fault):
    filled(tmp_path)
    again = opened(tmp_path)
    assert numbers(again) == [0, 1, 2]
    np.testing.assert_array_equal(again.arrays(again.known[-1])["a"], [2, 2])
    again.append({"kind": "n", "n": 3})
    again.close()
    assert numbers(opened(tmp_path)) == [0, 1, 2, 3]
    assert oct(again.path.stat().st_mode)[-3:] == "600"


def test_torn_at_every_byte(tmp_path, monkeypatch, fault):
    """F08: whatever is left, the whole records before the tear count and more can be added."""
    monkeypatch.setattr(os, "fsync", lambda handle: None)
    path = filled(tmp_path, 2)
    data = path.read_bytes()
    ends = [record.start + record.length for record in records(data)]
    for length in range(len(data)):
        path.write_bytes(data[:length])
        whole = sum(end <= length for end in ends)
        journal = opened(tmp_path)
        assert numbers(journal) == list(range(max(0, whole - 1)))
        assert journal.append({"kind": "n", "n": max(0, whole - 1)})
        journal.close()
        again = opened(tmp_path)
        assert numbers(again) == list(range(max(0, whole - 1) + 1))
        again.close()
    fault("F08", len(data), "the whole records before the tear are used")


def test_a_bit_flipped_anywhere_is_never_believed(tmp_path, fault):
    path = filled(tmp_path)
    data = path.read_bytes()
    good = [record.document for record in records(data)]
    for at, bit in itertools.product(range(len(data)), (0, 3, 7)):
        changed = bytearray(data)
        changed[at] ^= 1 << bit
        found = [record.document for record in records(bytes(changed))]
        assert found == good[: len(found)]
        assert len(found) < len(good)
    fault("F10", 3 * len(data), "a journal with a flipped bit: what stands before it is used")


@pytest.mark.parametrize("hostile", [
    b"", b"\0" * 4096, MAGIC, MAGIC + b"\xff" * 64,
    MAGIC + encoded({"kind": "begun", "of": "1"}),
    MAGIC + encoded({"kind": "chunk", "of": "../../etc/passwd"}),
])
def test_files_that_are_no_journal_are_begun_anew(tmp_path, hostile):
    path = filled(tmp_path)
    path.write_bytes(hostile)
    journal = opened(tmp_path)
    assert journal.known == []
    assert journal.append({"kind": "n", "n": 9})
    journal.close()
    assert numbers(opened(tmp_path)) == [9]


def test_a_link_is_not_followed(tmp_path):
    path = filled(tmp_path)
    victim = tmp_path / "precious"
    victim.write_text("precious")
    path.unlink()
    path.symlink_to(victim)
    journal = opened(tmp_path)
    assert "no journal is kept" in journal.notes[0]
    assert victim.read_text() == "precious"


def test_two_at_once_do_not_disturb_each_other(tmp_path, fault):
    """F09."""
    first, second = opened(tmp_path), opened(tmp_path)
    assert first.path != second.path
    assert "another diagnosis of this script is running" in second.notes[0]
    for n, journal in enumerate((first, second)):
        assert journal.append({"kind": "n", "n": n})
    first.close()
    second.close()
    again, other = opened(tmp_path), opened(tmp_path)
    assert (numbers(again), numbers(other)) == ([0], [1])
    fault("F09", 1, "the second keeps a journal of its own")


@pytest.mark.parametrize(("change", "words"), [
    ({"budget": "5m"}, "--budget"), ({"script": "b"}, "the script's text"),
    ({"seed": 1, "budget": "9s"}, "--budget and --seed"),
])
def test_what_differs_is_said_and_the_other_stays(tmp_path, change, words):
    filled(tmp_path)
    other = opened(tmp_path, **change)
    assert other.known == []
    assert other.notes == ["an unfinished diagnosis of this script is kept, but this one cannot go"
                           f" on with it, because another was given: {words}"]
    other.close()
    assert numbers(opened(tmp_path)) == [0, 1, 2]


def test_fresh_begins_anew(tmp_path):
    filled(tmp_path)
    journal = opened(tmp_path, fresh=True)
    assert (journal.known, journal.notes) == ([], [])
    journal.close()
    assert numbers(opened(tmp_path)) == []


def test_it_goes_when_all_is_done_and_the_folder_with_it(tmp_path):
    filled(tmp_path / "j")
    opened(tmp_path / "j").forget()
    assert list((tmp_path / "j").iterdir()) == []


def test_old_ones_and_too_many_are_removed_but_none_in_use(tmp_path, monkeypatch):
    kept = [filled(tmp_path / "j") for _ in range(1)]
    used = open_journal(tmp_path / "j", tmp_path / "b.py", ASKED)
    for path in (kept[0], used.path):
        os.utime(path, (1, 1))
    open_journal(tmp_path / "j", tmp_path / "c.py", ASKED).close()
    assert not kept[0].exists() and used.path.exists()
    monkeypatch.setattr(journals, "LARGEST_FOLDER", 100)
    used.close()
    open_journal(tmp_path / "j", tmp_path / "d.py", ASKED).close()
    assert not used.path.exists()


def test_a_journal_has_a_largest_size(tmp_path, monkeypatch):
    monkeypatch.setattr(journals, "LARGEST_FILE", 600)
    journal = opened(tmp_path)
    written = [journal.append({"kind": "n", "n": n}) for n in range(20)]
    assert 0 < sum(written) < 20 and sorted(written, reverse=True) == written
    assert len(journal.notes) == 1 and "is not kept for another run" in journal.notes[0]
    journal.close()
    monkeypatch.undo()
    assert numbers(opened(tmp_path)) == list(range(sum(written)))


@pytest.mark.parametrize("call", ["write", "fsync", "open", "makedirs", "ftruncate"])
def test_a_full_disk_at_every_write(tmp_path, monkeypatch, call, fault):
    """F07: the n-th call fails, for every n; no error gets out, and what stands is whole."""
    original = getattr(os, call)
    for failing in itertools.count(1):
        counted = itertools.count(1)

        def fail(*given, counted=counted, failing=failing, **named):
            if next(counted) == failing:
                raise OSError(errno.ENOSPC, "No space left on device")
            return original(*given, **named)

        folder = tmp_path / str(failing)
        monkeypatch.setattr(os, call, fail)
        monkeypatch.setattr(journals, "SYNC_EVERY", 0.0)
        journal = opened(folder)
        written = [n for n in range(4) if journal.append({"kind": "n", "n": n})]
        journal.close()
        monkeypatch.undo()
        assert written == list(range(len(written)))
        assert numbers(opened(folder))[: len(written)] == written
        if next(counted) <= failing:
            break
        assert len(written) == 4 or journal.notes
    fault("F07", failing, f"os.{call} fails for want of room: a note, the journal stays whole")


def test_a_folder_that_cannot_be_written(tmp_path, fault):
    place = tmp_path / "file"
    place.write_text("no folder")
    journal = opened(place)
    assert "so a run that is cut short cannot go on later" in journal.notes[0]
    assert journal.append({"kind": "n", "n": 1}) is False
    fault("F07", 1, "a folder that cannot be written: no journal, and a note")


def test_killed_ten_times_and_then_left_alone(tmp_path, monkeypatch, fault):
    """Ends as if undisturbed, having trained nothing twice but what was in flight."""
    script = written(tmp_path)
    undisturbed = diagnosed(script, journals=tmp_path / "other")
    chance = random.Random(3)
    finished: Counter[tuple[str, int]] = Counter()
    kills = lost = 0
    while True:
        ends = chance.randrange(1, 4) if kills < 10 else 10**9
        before = chance.random() < 0.5

        def die(number, ends=ends):
            if number == ends:
                raise Killed

        with monkeypatch.context() as patched:
            counted = Counted(patched, **{"before" if before else "after": die})
            try:
                found = diagnosed(script, journals=tmp_path / "j")
            except Killed:
                kills += 1
                lost += len(counted.calls[-1][1])
                done = counted.calls[:-1]
            else:
                done = counted.calls
        finished.update((fingerprint(r), seed) for r, seeds in done for seed in seeds)
        if kills == 10 and len(done) == len(counted.calls):
            break
    assert said(found) == said(undisturbed)
    assert set(finished.values()) == {1}
    assert any("trainings were not repeated" in note for note in found.result.notes)
    assert lost, "the kills hit what was in flight"
    assert not list((tmp_path / "j").rglob("*.journal"))
    assert [path.name for path in tmp_path.iterdir() if path.suffix] == ["train.py"]
    fault("F01", 10, "killed at a random chunk: goes on, same verdicts, nothing trained twice")


def test_data_that_changed_is_said_and_trained_anew(tmp_path):
    script = written(tmp_path, SCRIPT.replace(
        "model.compile", "x = x * float(np.loadtxt(__file__.replace('.py', '.txt')))\nmodel.compile"))
    (tmp_path / "train.txt").write_text("1.0")
    diagnosed(script, journals=tmp_path / "j", keep=True)
    same = diagnosed(script, journals=tmp_path / "j", keep=True)
    assert any("were not repeated" in note for note in same.result.notes)
    (tmp_path / "train.txt").write_text("0.5")
    other = diagnosed(script, journals=tmp_path / "j", keep=True)
    assert any("because its data" in note for note in other.result.notes)
    assert not any("were not repeated" in note for note in other.result.notes)


def test_a_failing_arm_fails_again_without_being_tried(tmp_path, monkeypatch):
    script = written(tmp_path)
    failing: list[str] = []

    def fail(number):
        if number == 6:
            raise ValueError("the sixth is broken")

    with monkeypatch.context() as patched:
        Counted(patched, before=fail)
        first = diagnosed(script, journals=tmp_path / "j", keep=True)
    with monkeypatch.context() as patched:
        counted = Counted(patched)
        again = diagnosed(script, journals=tmp_path / "j")
    failing = [n.reason for n in first.result.not_tested]
    assert "the sixth is broken" in failing
    assert counted.calls == []
    assert said(again) == said(first)


def test_time_already_spent_counts(tmp_path, monkeypatch, fault):
    """F30: a diagnosis that goes on has what was left of its budget; the time of day means nothing."""
    days = itertools.count(0, -86400)
    monkeypatch.setattr(time, "time", lambda: float(next(days)))
    script = written(tmp_path)
    first = diagnosed(script, journals=tmp_path / "j", keep=True)
    (path,) = (tmp_path / "j").rglob("*.journal")
    spent = [r.document["spent"] for r in records(path.read_bytes()) if "spent" in r.document]
    again = diagnosed(script, journals=tmp_path / "j")
    assert sorted(spent) == spent
    assert again.result.budget.spent >= spent[-1]
    assert 0 < first.result.budget.spent < 60
    fault("F30", next(days) // -86400, "the time of day jumps back: nothing changes")


def test_a_model_handed_over_goes_on_too(tmp_path, monkeypatch):
    """`diagnose(…, journal=folder)`: cut short, then again; other data begin anew."""
    x = np.tile(np.array([[0, 0], [0, 1], [1, 0], [1, 1]], "float32"), (4, 1))

    def asked(data=x, **given):
        keras.utils.clear_session()  # another process names its layers alike
        keras.utils.set_random_seed(1)
        model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(8, activation="tanh"),
                                  keras.layers.Dense(2, activation="sigmoid")])
        model.compile(loss="mse", optimizer=keras.optimizers.Adam(0.001))
        return unstuck.diagnose(model, data, data, epochs=40, batch_size=4, budget="1500runs",
                                replicas=32, **given)

    def die(number):
        if number == 8:
            raise Killed

    undisturbed = asked()
    folder = tmp_path / "kept"
    with monkeypatch.context() as patched:
        Counted(patched, before=die)
        with pytest.raises(Killed):
            asked(journal=folder)
    assert len(list(folder.rglob("*.journal"))) == 1
    with monkeypatch.context() as patched:
        counted = Counted(patched)
        other = asked(data=1 - x[::-1] * 0.9, journal=folder)
    assert not any("were not repeated" in note for note in other.result.notes)
    with monkeypatch.context() as patched:
        whole, counted = len(counted.calls), Counted(patched)
        again = asked(journal=str(folder))
    assert any("were not repeated" in note for note in again.result.notes)
    assert 0 < len(counted.calls) <= whole
    assert said(again) == said(undisturbed)
    assert not list(folder.rglob("*.journal"))


def test_the_proof_of_a_repair_goes_on_too(tmp_path, monkeypatch):
    """`fix` killed behind its proof: the same command trains neither search nor proof again."""
    written(tmp_path)
    monkeypatch.chdir(tmp_path)
    command = ["fix", "train.py", "--budget", "3000runs", "--replicas", "64", "--diff", "--journal",
               "kept"]

    def die(learned):
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr("unstuck.diagnosis.repair.success_rate", die)
        counted = Counted(patched)
        with pytest.raises(Killed):
            CliRunner().invoke(app, command, catch_exceptions=False)
    assert counted.calls[-1][1][0] == AFTER
    with monkeypatch.context() as patched:
        counted = Counted(patched)
        done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    assert counted.calls == []
    assert not list(Path("kept").rglob("*.journal"))


RUN = [sys.executable, "-m", "unstuck", "run", "train.py", "--budget", "3000runs", "--replicas", "64",
       "--format", "json"]


LOGGING = """\
import json, os, sys, time
from unstuck.population.identity import fingerprint
from unstuck.population.native_engine.engine import NativeEngine

log = os.open("trainings.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
original = NativeEngine.train


def train(self, recipe, seeds, *given, **named):
    if "keep_weights" not in named:  # for pictures, on which no verdict rests
        line = [os.getpid(), fingerprint(recipe), list(seeds)]
        os.write(log, (json.dumps(line) + "\\n").encode())
        time.sleep(0.2)  # so that a kill finds it in flight
    return original(self, recipe, seeds, *given, **named)


NativeEngine.train = train
from unstuck.doors.cli import main
sys.argv[0] = "unstuck"
main()
"""
"""`unstuck` that notes every training before it begins."""


@pytest.mark.slow
@pytest.mark.skipif("not os.environ.get('UNSTUCK_SLOW')", reason="minutes; UNSTUCK_SLOW=1 runs it")
def test_sigkill_at_ten_random_moments(tmp_path, fault):
    """Left alone after ten kills it ends the same, and trained nothing twice but what was in flight.

    Kills come while it trains: at a random moment after its first training has begun.
    """
    script = written(tmp_path, SCRIPT.replace("x = x[", "np.random.seed(4)\nx = x[").replace(
        "epochs=40", "epochs=400").replace("Adam(0.001)", "Adam(0.0001)"))
    (tmp_path / "logging_unstuck.py").write_text(LOGGING)
    log = tmp_path / "trainings.log"
    command = [sys.executable, "logging_unstuck.py", *RUN[3:]]
    environ = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache"), "KERAS_BACKEND": "jax",
               "PYTHONPATH": os.pathsep.join(sys.path)}

    def begun(pid=None):
        lines = log.read_text().splitlines() if log.exists() else []
        return [entry for entry in map(json.loads, lines) if pid in (None, entry[0])]

    plain = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, check=False)
    undisturbed = Counter((of, seed) for _, of, seeds in begun() for seed in seeds)
    log.unlink()
    chance = random.Random(11)
    in_flight, kills = Counter[tuple[str, int]](), 0
    while kills < 10:
        with (tmp_path / "errors.txt").open("w") as errors:
            process = subprocess.Popen(command, cwd=tmp_path, env=environ, stderr=errors,
                                       stdout=subprocess.DEVNULL)
        wanted = chance.randrange(1, 3)
        while process.poll() is None and len(begun(process.pid)) < wanted:
            time.sleep(0.005)
        time.sleep(chance.uniform(0.0, 0.3))
        assert process.poll() is None, (tmp_path / "errors.txt").read_text()
        process.kill()
        process.wait()
        kills += 1
        # The native engine trains one chunk at a time: only the last can have been in flight.
        in_flight.update((of, seed) for _, of, seeds in begun(process.pid)[-1:] for seed in seeds)
    done = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, check=False)
    assert done.returncode == plain.returncode == 1, done.stderr
    one, other = json.loads(plain.stdout), json.loads(done.stdout)
    for key in ("outcome", "repairs", "facts", "suspicions", "not_tested", "arms"):
        assert one[key] == other[key], key
    trained = Counter((of, seed) for _, of, seeds in begun() for seed in seeds)
    assert trained.keys() == undisturbed.keys() and set(undisturbed.values()) == {1}
    twice = trained - undisturbed
    assert not twice - in_flight
    assert [path.name for path in tmp_path.iterdir()].count(script.name) == 1
    fault("F01", kills, "the whole process SIGKILLed: goes on, same verdicts, nothing trained twice but"
                        f" the chunk in flight ({sum(twice.values()):,} of {len(undisturbed):,})")
