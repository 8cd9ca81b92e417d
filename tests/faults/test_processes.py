"""The command as a process of its own: its streams, its end, and files that are none."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from faults.helpers import SCRIPT
from results_examples import TWO_BITS
from unstuck.diagnosis import saved


def unstuck(folder: Path, *arguments: str, redirect: str = "", seconds: int = 240):
    """`unstuck ARGUMENTS REDIRECT` in a shell."""
    command = f'exec "$0" -m unstuck "$@" {redirect}'
    return subprocess.run(["bash", "-c", command, sys.executable, *arguments], cwd=folder, text=True,
                          capture_output=True, timeout=seconds, check=False)


@pytest.mark.parametrize("redirect", [">&-", ">&- 2>&-", "<&- >&- 2>&-", "2>&-"])
def test_standard_streams_that_are_closed(redirect, tmp_path, fault):
    saved.write(tmp_path / "a.unstuck", TWO_BITS, {})
    done = unstuck(tmp_path, "report", "a.unstuck", "--json", "a.json", redirect=redirect)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert (done.stdout == "") is (redirect != "2>&-")
    assert (tmp_path / "a.json").read_bytes().startswith(b"{")
    fault("F27", 1, "standard streams closed by the shell: as into nothing")


ODD = {
    "closes its streams": "import sys\nsys.stdout.close()\nsys.stderr.close()\n",
    "wraps and drops them": "import io, sys\nsys.stdout = io.TextIOWrapper(sys.stdout.buffer)\n"
                            "sys.stdout = sys.__stdout__\n",
    "closes the descriptors": "import os\nos.close(1)\nos.close(2)\n",
    "leaves a thread": "import threading, time\n"
                       "threading.Thread(target=time.sleep, args=(3600,)).start()\n",
}


@pytest.mark.parametrize("name", ODD)
def test_a_script_does_not_take_the_report_with_it(name, tmp_path, fault):
    (tmp_path / "train.py").write_text(ODD[name] + SCRIPT)
    done = unstuck(tmp_path, "run", "train.py", "--budget", "100runs", "--replicas", "16",
                   "--no-journal", "--color", "never")
    assert done.returncode in (1, 3), done.stderr
    assert "of 16 trainings" in done.stdout
    fault("F26", 1, "closes or wraps its streams, leaves a thread: the report comes, and the end")


LEAVING = """\
import os
import keras


class Leaving(keras.layers.Layer):
    def call(self, x, training=None):
        if training:
            os._exit(3)
        return x


"""


def test_a_script_that_ends_the_process_is_not_taken_for_a_verdict(tmp_path, fault):
    (tmp_path / "train.py").write_text(LEAVING + SCRIPT.replace(
        'keras.layers.Dense(2,', 'Leaving(), keras.layers.Dense(2,'))
    done = unstuck(tmp_path, "run", "train.py", "--budget", "100runs", "--no-journal")
    assert done.returncode == 4
    assert "your script ended the process while it was trained: os._exit(3)" in done.stderr
    fault("F13", 1, "os._exit in a layer while it is trained: said, exit 4")


@pytest.mark.parametrize("name", ["pipe", "/dev/zero", "long.py"])
def test_what_is_no_script_is_said_at_once(name, tmp_path, fault):
    os.mkfifo(tmp_path / "pipe")
    with (tmp_path / "long.py").open("wb") as stream:
        stream.truncate(20 << 30)
    for command in ("run", "fix"):
        done = unstuck(tmp_path, command, name, "--no-journal", seconds=60)
        assert done.returncode == 2
        said = "has 21,474,836,480 bytes" if name == "long.py" else "is a pipe, a socket or a device"
        assert said in done.stderr
        assert "Traceback" not in done.stderr
    fault("F10", 2, "a pipe, a device or a file of 20 GB as the script: a sentence")


@pytest.mark.parametrize("start", [b"", struct.pack("<Q", 99) + b"{", struct.pack("<Q", 2**62) + b"{"])
def test_a_saved_file_of_20_gigabytes(start, tmp_path, fault):
    with (tmp_path / "a").open("wb") as stream:
        stream.write(start)
        stream.truncate(20 << 30)
    for name in ("a", "/dev/zero"):
        done = unstuck(tmp_path, "report", name)
        assert done.returncode == 2
        assert "is no saved diagnosis" in done.stderr or "has 21,474,836,480 bytes" in done.stderr
        assert "Traceback" not in done.stderr
    fault("F10", 2, "a saved diagnosis of 20 GB, or a device: a sentence, nothing of it read")


@pytest.mark.parametrize(("name", "text", "said"), [
    ("nul.py", b"x = 1\0\n", "not valid Python: source code string cannot contain null bytes.\n"),
    ("a\udcff.py", SCRIPT.encode(), "has a name that is no text in UTF-8"),
    ("b.py", b"import keras\nkeras.config.set_backend('numpy')\n" + SCRIPT.encode(),
     "b.py, line 2: set_backend('numpy') changes what Keras computes with"),
])
def test_odd_scripts_are_told_in_words(name, text, said, tmp_path):
    (tmp_path / name).write_bytes(text)
    done = unstuck(tmp_path, "run", name, "--no-journal")
    assert done.returncode in (2, 4)
    assert said in done.stderr
