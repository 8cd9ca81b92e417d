"""Nothing is fetched and nothing is sent: what the system is asked about sockets, by every process."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from faults.helpers import SCRIPT

pytestmark = [pytest.mark.slow, pytest.mark.skipif(
    not os.environ.get("UNSTUCK_SLOW") or shutil.which("strace") is None,
    reason="a minute, and strace; UNSTUCK_SLOW=1 runs it")]
CONNECTING = "import socket\nsocket.socket().connect_ex(('127.0.0.1', 9))\n" + SCRIPT
"""A script with a network of its own, by which the test sees that it would see one."""
RUN = ("run", "train.py", "--budget", "60runs", "--replicas", "8", "--no-journal", "--quiet",
       "--save", "a.unstuck", "--html", "a.html", "--json", "a.json")


def asked(folder: Path, *arguments: str) -> tuple[int, list[str]]:
    """The exit status of a command, and calls about sockets that leave the machine or may do so."""
    log = folder / "calls"
    done = subprocess.run(
        ["strace", "-f", "-qq", "--seccomp-bpf", "-e", "trace=%network", "-o", str(log),
         sys.executable, "-m", "unstuck", *arguments],
        cwd=folder, capture_output=True, text=True, timeout=500, check=False)
    within = re.compile(r"AF_UNIX|AF_LOCAL")
    opened = [line for line in log.read_text().splitlines()
              if re.search(r"\b(socket|connect|bind|sendto)\(", line) and not within.search(line)]
    return done.returncode, opened


@pytest.mark.parametrize("switches", [(), ("--jobs", "2")])
def test_a_run_asks_the_system_for_no_network(switches, tmp_path, fault):
    (tmp_path / "train.py").write_text(SCRIPT)
    commands = [(*RUN, *switches)]
    if not switches:
        commands += [("report", "a.unstuck", "--html", "b.html"),
                     ("fix", "a.unstuck", "--budget", "60runs", "--quiet"),
                     ("check", "train.py", "--budget", "5s")]
    for command in commands:
        code, opened = asked(tmp_path, *command)
        assert code in (0, 1, 3), command
        assert not opened, opened
        fault("F43", 1, "commands and all their processes under strace: no socket but those between"
                        " processes of one machine")


def test_a_network_of_the_scripts_own_would_be_seen(tmp_path):
    (tmp_path / "train.py").write_text(CONNECTING)
    _, opened = asked(tmp_path, *RUN)
    assert any("127.0.0.1" in line for line in opened)
