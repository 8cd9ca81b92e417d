"""The command in two processes: however the one that works ends, the other tells it as what it is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from faults.helpers import SCRIPT, in_terminal
from unstuck.base import last_words
from unstuck.base.journal import open_journal
from unstuck.base.records import records
from unstuck.doors import ended

HEAD = """\
import ctypes
import os
import sys
import time
import keras


class Leaving(keras.layers.Layer):
    def call(self, x, training=None):
        if training:
            HOW
        return x


"""
CRASH = "ctypes.string_at(0)"
DEEP = "sys.setrecursionlimit(10**9); a = []; [a := [a] for _ in range(10**6)]; repr(a)"


def layer(how: str) -> str:
    """A script with a layer that does that while it is trained."""
    return HEAD.replace("HOW", how) + SCRIPT.replace(
        "keras.layers.Dense(2,", "Leaving(), keras.layers.Dense(2,")


def unstuck(folder: Path, *arguments: str, before: str = "", environ: dict[str, str] | None = None):
    command = [sys.executable, "-m", "unstuck", *arguments]
    if before:
        command = ["bash", "-c", f'{before} "$@"', "bash", *command]
    return subprocess.run(command, cwd=folder, text=True, capture_output=True, timeout=240, check=False,
                          env={**os.environ, **(environ or {})})


ENDS = {
    "a crash in C": (CRASH, 4, "your script ended the process with signal 11 (segmentation fault) in"
                               " train.py, line 11 (call) at the step “population”"),
    "abort": ("os.abort()", 4, "your script ended the process with signal 6 (aborted) in train.py,"
                               " line 11 (call) at the step “population”"),
    "kill -9": ("os.kill(os.getpid(), 9)", 2, "ended from outside with signal 9 (killed) at the step"
                                              " “population”: by somebody, or by the system"),
    "exit in C": ("ctypes.CDLL(None).exit(3)", 4, "ended the process with status 3 at the step"),
    "another program": ("os.execv('/bin/true', ['true'])", 4, "ended the process with status 0"),
    "the stack of C": (DEEP, 4, "ended the process with signal 11 (segmentation fault) in train.py"),
}


@pytest.mark.parametrize("name", ENDS)
def test_an_end_of_the_process_is_told_as_what_it_is(name, tmp_path, fault):
    how, code, said = ENDS[name]
    (tmp_path / "train.py").write_text(layer(how))
    done = unstuck(tmp_path, "run", "train.py", "--budget", "100runs", "--no-journal", "--quiet")
    assert done.returncode == code, done.stderr
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert said in done.stderr
    assert "Nothing was found out." in done.stderr
    fault("F41", 1, "a crash, abort, kill -9 or exit in C while it trains: told as what it is, a crash"
                    " with the line of the script; exit 4, or 2 where it was not the script")


@pytest.mark.parametrize("command", ["run", "fix"])
def test_a_crash_before_fit_is_told_with_its_line(command, tmp_path, fault):
    (tmp_path / "train.py").write_text(f"import ctypes\ndef deep():\n    {CRASH}\ndeep()\n" + SCRIPT)
    done = unstuck(tmp_path, command, "train.py", "--no-journal", "--quiet")
    assert done.returncode == 4
    assert ("your script ended the process with signal 11 (segmentation fault) in train.py, line 3"
            " (deep) at the step “running your script up to its fit”") in done.stderr
    fault("F41", 1, "a crash of the script before fit: told, with its line")


def test_what_was_trained_before_a_crash_is_kept_and_the_culprit_left_out(tmp_path, fault):
    """The same command goes on from the journal, without the arm that ended the process."""
    environ = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    # Some of the changes that are tried make the layer before it wider.
    how = f"x.shape[-1] == 8 or {CRASH}"
    (tmp_path / "train.py").write_text(layer(how))
    arguments = ("run", "train.py", "--budget", "100runs", "--replicas", "8", "-v",
                 "--json", "a.json")
    first = unstuck(tmp_path, *arguments, environ=environ)
    assert first.returncode == 4, first.stderr
    assert "What had been trained is kept: the same command goes on, and leaves out" in first.stderr
    (kept,) = (tmp_path / "cache").rglob("*.journal")
    last = list(records(kept.read_bytes()))[-1].document
    assert last["kind"] == "failed" and "signal 11" in last["why"]
    second = first
    for _ in range(6):  # several changes are wider
        second = unstuck(tmp_path, *arguments, environ=environ)
        if second.returncode != 4:
            break
    assert second.returncode in (1, 3), second.stderr
    assert "trainings were not repeated" in second.stdout
    assert "training this ended the process with signal 11" in (tmp_path / "a.json").read_text()
    fault("F41", 1, "a crash after some trainings: they are kept, what crashed is left out by the same"
                    " command")


WAITING = "print('here', os.getpid(), flush=True)\nimport time\ntime.sleep(20)\n"


def _begun(folder: Path, text: str, *before: str, **given):
    (folder / "train.py").write_text("import os, signal, sys\n" + text + SCRIPT)
    process = subprocess.Popen(
        [*before, sys.executable, "-m", "unstuck", "run", "train.py", "--no-journal"], cwd=folder,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **given)
    assert process.stderr is not None  # what a script prints goes there
    return process, int(process.stderr.readline().split()[1])


def _gone(number: int, seconds: float = 10.0) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            os.kill(number, 0)
            if Path(f"/proc/{number}/stat").read_text().split()[2] == "Z":
                return True
        except (ProcessLookupError, FileNotFoundError):
            return True
        time.sleep(0.02)
    return False


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("to", ["the command", "its group", "the child"])
def test_a_signal_is_heeded_once_whoever_it_was_sent_to(number, to, tmp_path, fault):
    process, child = _begun(tmp_path, WAITING, start_new_session=True)
    assert child != process.pid
    (os.killpg if to == "its group" else os.kill)(child if to == "the child" else process.pid, number)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 130, said
    assert "interrupted before anything was known" in said
    assert "twice" not in said
    fault("F06", 1, "sent to the command, to its group or to the process that works: heeded once")


def test_twice_ends_both_at_once(tmp_path):
    text = ("try:\n    print('here', os.getpid(), flush=True)\n    import time; time.sleep(60)\n"
            "except KeyboardInterrupt:\n    print('again', flush=True); time.sleep(60)\n")
    process, child = _begun(tmp_path, text, start_new_session=True)
    process.send_signal(signal.SIGINT)
    assert process.stderr is not None and process.stderr.readline() == "again\n"
    begun = time.monotonic()
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=60)
    assert time.monotonic() - begun < 30
    assert process.returncode == 130 and "interrupted twice" in said
    assert _gone(child)


def test_what_the_caller_ignores_stays_ignored(tmp_path):
    text = WAITING.replace("20", "2") + "print(signal.getsignal(1).name)\nsys.exit(0)\n"
    process, _ = _begun(tmp_path, text, "nohup", start_new_session=True)
    os.killpg(process.pid, signal.SIGHUP)
    _, said = process.communicate(timeout=60)
    assert "SIG_IGN" in said
    assert "interrupted" not in said


def test_killed_both_are_gone(tmp_path, fault):
    process, child = _begun(tmp_path, WAITING, start_new_session=True)
    process.kill()
    begun = time.monotonic()
    _, said = process.communicate(timeout=30)  # the other has the pipes, too
    assert process.returncode == -signal.SIGKILL
    assert time.monotonic() - begun < 15 and _gone(child)
    assert "was killed, so this one ends" in said
    fault("F41", 1, "the process that waits is SIGKILLed: the other ends, too")


def test_a_script_finds_the_process_as_python_gives_it(tmp_path):
    """No child to wait for, no signal blocked, standard input its own, no thread but the main one."""
    (tmp_path / "train.py").write_text("""\
import os, signal, sys, threading
try:
    os.wait()
except ChildProcessError:
    print("no child")
print(signal.pthread_sigmask(signal.SIG_BLOCK, []), signal.getsignal(signal.SIGCHLD).name)
print(sys.stdin.read(), [t.name for t in threading.enumerate()],
      os.getpgrp() == os.getpgid(os.getppid()))
sys.exit(7)
""")
    done = subprocess.run([sys.executable, "-m", "unstuck", "run", "train.py", "--no-journal"],
                          cwd=tmp_path, input="given", text=True, capture_output=True, timeout=120,
                          check=False)
    assert done.stderr.splitlines()[:3] == ["no child", "set() SIG_DFL", "given ['MainThread'] True"]
    assert done.returncode in (4, 5)
    assert "ended the process" not in done.stderr


def test_a_terminal_is_as_it_was_after_a_crash(tmp_path, fault):
    (tmp_path / "train.py").write_text(layer(CRASH))
    status, shown = in_terminal([sys.executable, "-m", "unstuck", "run", "train.py", "--no-journal"],
                                tmp_path, {**os.environ, "TERM": "xterm"})
    assert status == 4
    assert shown.rindex("\x1b[?25h") > shown.rfind("\x1b[?25l")
    assert "signal 11 (segmentation fault)" in shown
    fault("F41", 1, "a crash while the progress is shown in a terminal: the cursor is shown again")


def test_a_crash_at_the_very_end_does_not_change_the_verdict(tmp_path):
    (tmp_path / "train.py").write_text(SCRIPT)
    text = "import sys; sys.argv[1:] = ['run', 'train.py', '--budget', '100runs', '--replicas', '8',"
    text += " '--no-journal']\nfrom unstuck.doors import entry\nimport atexit, ctypes\n"
    text += "atexit.register(ctypes.string_at, 0)\nentry.main()\n"
    done = subprocess.run([sys.executable, "-c", text], cwd=tmp_path, text=True, capture_output=True,
                          timeout=240, check=False)
    assert done.returncode in (1, 3), done.stderr
    assert "of 8 trainings" in done.stdout
    assert "ended the process" not in done.stderr


def test_a_torn_journal_takes_the_note_behind_its_last_whole_record(tmp_path):
    journal = open_journal(tmp_path, tmp_path / "a.py", {"script": "x"})
    journal.append({"kind": "chunk", "of": "a"})
    journal.close()
    with journal.path.open("ab") as stream:
        stream.write(b"\x99torn")
    page = last_words.Page()
    page._note(kept=True)
    page._write(last_words._RISK, f'["{journal.path}", {{"kind": "failed", "of": "b"}}]', 7000)
    said, code = ended.told(signal.SIGSEGV, page, None)
    assert "leaves out what was being trained" in said and "where is not known" in said and code == 2
    found = [record.document for record in records(journal.path.read_bytes())]
    assert [one.get("of") for one in found[1:]] == ["a", "b"]
    assert "signal 11" in found[-1]["why"]
