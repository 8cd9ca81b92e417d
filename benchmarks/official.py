"""The official examples of Keras, each captured as a user would have them captured.

    python benchmarks/official.py CLONE [--only TEXT] [--write]

`CLONE` is a clone of keras-team/keras, with or without a work tree; `examples/` of 2.3.1 and
`examples/keras_io/` and `guides/` of v3.0.0 are read from it, and nothing of it is kept. Instead of what
the scripts download they get made-up data (`official_data`, `official_files`), and each runs in a process
of its own (`official_one`) with a limit on its time and its memory. For each it is told whether it was

* taken: which engine would train it, and how long the capture took;
* refused: in a sentence of ours, with what to do;
* without: it asks for a package that is not installed here, or for nothing that trains;
* crashed: a traceback, an error of the script's that Keras of its year has not, or out of its limits.

`--write` puts the table into docs/official.md.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
PAGE = HERE.parent / "docs" / "official.md"

PLACES = (("2.3.1", "examples"), ("v3.0.0", "examples/keras_io"), ("v3.0.0", "guides"))
"""Which folder of which tag is read."""

OUTCOMES = ("taken", "refused", "without", "crashed")


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came of one script: `outcome`, one of OUTCOMES; `engine` and `training` where it was taken
    ("" elsewhere); `why`, a sentence, where it was not; `seconds` of the whole process."""

    tag: str
    path: str
    outcome: str
    engine: str = ""
    training: str = ""
    why: str = ""
    seconds: float = 0.0


def scripts(clone: Path) -> Iterator[tuple[str, str, bytes]]:
    """Tag, path and source of every script.

    Raises:
        SystemExit: the clone lacks a tag.
    """
    for tag, folder in PLACES:
        listed = _git(clone, "ls-tree", "-r", "--name-only", f"{tag}^{{commit}}", f"{folder}/")
        if listed is None:
            sys.exit(f"{clone} has no tag {tag}. Fetch it: git -C {clone} fetch origin tag {tag}")
        for path in listed.decode().split("\n"):
            if path.endswith(".py"):
                yield tag, path, _git(clone, "show", f"{tag}:{path}") or b""


def _git(clone: Path, *arguments: str) -> bytes | None:
    done = subprocess.run(["git", "-C", str(clone), *arguments], capture_output=True, check=False)
    return done.stdout if done.returncode == 0 else None


def asked(
    tag: str, path: str, source: bytes, *, files: Path, seconds: float, memory: int,
    outputs: Path | None = None,
) -> Answer:
    """Capture one script in a process of its own.

    Args:
        files: a folder with made-up files, of which the script gets a copy.
        outputs: a folder that keeps what it writes to its streams.
        seconds: the most that it may take.
        memory: the most memory, in bytes.
    """
    with tempfile.TemporaryDirectory(prefix="official-") as name:
        folder = Path(name)
        shutil.copytree(files, folder, dirs_exist_ok=True)
        script, told = folder / Path(path).name, folder / "answer.json"
        script.write_bytes(source)
        begun = time.monotonic()
        environment = {**os.environ, "KERAS_BACKEND": "jax", "MPLBACKEND": "Agg", "HOME": name}
        with (folder / "output.txt").open("wb") as output:
            running = subprocess.Popen(
                [sys.executable, str(HERE / "official_one.py"), script.name, told.name, str(memory)],
                cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=output,
                stderr=subprocess.STDOUT)
            try:
                status: int | None = running.wait(seconds)
            except subprocess.TimeoutExpired:
                running.kill()
                running.wait()
                status = None
        took = time.monotonic() - begun
        said = (folder / "output.txt").read_text(errors="replace")
        if outputs is not None:
            (outputs / f"{tag}-{path.replace('/', '-')}.txt").write_text(said)
        if told.exists():
            return Answer(tag=tag, path=path, seconds=took, **json.loads(told.read_text()))
        why = f"ran longer than {seconds:g} s" if status is None else f"ended with {status}: {said[-300:]}"
        return Answer(tag=tag, path=path, outcome="crashed", why=why, seconds=took)


def counted(answers: list[Answer]) -> str:
    """How many there were of each outcome, in a sentence."""
    found = Counter(answer.outcome for answer in answers)
    of = found["taken"] + found["refused"] + found["crashed"]
    share = f", {100 * found['taken'] / of:.0f} % of those that could be" if of else ""
    return (f"{len(answers)} scripts: {found['taken']} taken{share}, {found['refused']} refused,"
            f" {found['without']} without a package or a training, {found['crashed']} crashed.")


def page(answers: list[Answer]) -> str:
    """The page of `docs/`, in Markdown."""
    lines = ["# The official examples of Keras", "",
             "Written by `python benchmarks/official.py CLONE --write`: every script of `examples/`"
             " (Keras 2.3.1), `examples/keras_io/` and `guides/` (Keras 3.0.0), unmodified, with made-up"
             " data in place of downloads and without TensorFlow installed.", "", counted(answers), ""]
    for tag, folder in PLACES:
        mine = [a for a in answers if a.tag == tag and a.path.startswith(f"{folder}/")]
        lines += [f"## {folder} of {tag}", "", counted(mine), "",
                  "| script | answer | |", "|---|---|---|"]
        lines += [f"| {a.path.removeprefix(folder + '/')} | {a.outcome} | {_told(a)} |" for a in mine]
        lines.append("")
    return "\n".join(lines)


def _told(answer: Answer) -> str:
    text = f"{answer.engine} engine; {answer.training}" if answer.outcome == "taken" else answer.why
    return " ".join(text.split()).replace("|", "\\|")


def main() -> None:
    """Read the command line, ask for every script, tell."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("clone", type=Path, help="a clone of keras-team/keras")
    parser.add_argument("--only", default="", help="scripts with this in their path; commas part several")
    parser.add_argument("--seconds", type=float, default=300.0, help="the most that each may take")
    parser.add_argument("--memory", type=float, default=10.0, help="the most memory of each, in GB")
    parser.add_argument("--jobs", type=int, default=1, choices=(1, 2), help="scripts at a time")
    parser.add_argument("--json", type=Path, help="write the answers there; those that are there are kept")
    parser.add_argument("--outputs", type=Path, help="a folder that keeps what the scripts write")
    parser.add_argument("--write", action="store_true", help="write the table to docs/official.md")
    given = parser.parse_args()
    if given.write and given.only:
        parser.error("--write wants every script, so that --only cannot be given with it.")
    sys.path.insert(0, str(HERE))
    from official_files import make_files

    wanted = [one for one in scripts(given.clone)
              if any(part in f"{one[0]}/{one[1]}" for part in given.only.split(","))]
    with tempfile.TemporaryDirectory(prefix="official-files-") as name, ThreadPoolExecutor(
            given.jobs) as pool:
        files = Path(name)
        make_files(files)

        def ask(one: tuple[str, str, bytes]) -> Answer:
            answer = asked(*one, files=files, seconds=given.seconds, memory=int(given.memory * 2**30),
                           outputs=given.outputs)
            print(f"{answer.outcome:8} {answer.seconds:6.1f} s  {answer.tag} {answer.path}:"
                  f" {_told(answer)[:200]}", flush=True)
            return answer

        answers = list(pool.map(ask, wanted))
    print(counted(answers))
    if given.json:
        before = json.loads(given.json.read_text()) if given.json.exists() else []
        new = {(a.tag, a.path): asdict(a) for a in answers}
        kept = {(a["tag"], a["path"]): a for a in before} | new
        given.json.write_text(json.dumps(list(kept.values()), indent=1))
    if given.write:
        PAGE.write_text(page(answers))


if __name__ == "__main__":
    main()
