"""The official examples of Keras, each captured as a user would have them captured.

    python benchmarks/official.py CLONE [--only TEXT] [--write]

`CLONE` is a clone of keras-team/keras, with or without a work tree; `examples/` of 2.3.1 and
`examples/keras_io/` and `guides/` of v3.0.0 are read from it, and nothing of it is kept. Instead of
what the scripts download they get made-up data (`official_data`, `official_files`). Each runs in a
process of its own (`official_one`), one after the other, with a limit on its time and its memory. For
each it is told whether it was

* taken: which engine would train it and, with --timed, how long that and the capture take;
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
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "jax")

import official_one
from official_files import make_files

PAGE = Path(__file__).resolve().parents[1] / "docs" / "official.md"

PLACES = (("2.3.1", "examples"), ("v3.0.0", "examples/keras_io"), ("v3.0.0", "guides"))
"""Which folder of which tag is read."""

OUTCOMES = ("taken", "refused", "without", "crashed")

OF_THEIR_OWN = {
    "2.3.1 examples/babi_memnn.py": "It splits text by a pattern that may be empty, which Python has"
                                    " done otherwise since 3.7.",
    "2.3.1 examples/conv_lstm.py": "It uses np.float, which numpy has no more.",
    "2.3.1 examples/lstm_seq2seq_restore.py": "It loads what another has saved, and trains nothing.",
    "2.3.1 examples/mnist_acgan.py": "Keras 3 itself refuses its shapes, in plain Python too: rows of"
                                     " (1, 100) for a Sequential of (100,).",
    "2.3.1 examples/neural_doodle.py": "It wants pictures as arguments, and trains no network.",
    "v3.0.0 examples/keras_io/nlp/multiple_choice_task_with_transfer_learning.py":
        "It is no valid Python.",
    "v3.0.0 examples/keras_io/nlp/neural_machine_translation_with_transformer.py":
        "It assigns to the module os where it means os.environ.",
    "v3.0.0 examples/keras_io/structured_data/tabtransformer.py": "It uses tf without importing it.",
    "v3.0.0 examples/keras_io/tensorflow/vision/grad_cam.py":
        "It trains no network, and uses matplotlib.cm.get_cmap, which matplotlib has no more.",
    **dict.fromkeys((
        "v3.0.0 examples/keras_io/tensorflow/generative/neural_style_transfer.py",
        "v3.0.0 examples/keras_io/tensorflow/vision/integrated_gradients.py",
        "v3.0.0 examples/keras_io/tensorflow/vision/visualizing_what_convnets_learn.py"),
        "It trains no network: it takes the gradient of a picture, for longer than a script may take"
        " here."),
    "v3.0.0 guides/distributed_training_with_jax.py":
        "It hands Keras's variables to jax.device_put, which JAX takes no more (nor in plain Python).",
}
"""What fails before its training with any Keras of today, or has none: read by hand, not run."""

SEVERAL_OR_NONE = frozenset({
    "actor_critic_cartpole.py", "class_activation_maps.py", "conv_filter_visualization.py",
    "cyclegan.py", "dcgan_overriding_train_step.py", "deep_dream.py", "grad_cam.py",
    "integrated_gradients.py", "latent_walk.py", "lstm_seq2seq_restore.py", "mnist_acgan.py",
    "neural_doodle.py", "neural_style_transfer.py", "tf_serving.py",
    "visualizing_what_convnets_learn.py", "wgan_gp.py",
})
"""Scripts that train two networks against each other, or none: not counted in the share."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came of one script: `outcome`, one of OUTCOMES; `engine` and `training` where it was taken
    ("" elsewhere); `why`, a sentence, where it was not; `seconds` of the whole process.

    `captured` are the seconds until its fit was taken, `one` those that one training of its made-up
    rows would take; `None` where that was not asked for.
    """

    tag: str
    path: str
    outcome: str
    engine: str = ""
    training: str = ""
    why: str = ""
    seconds: float = 0.0
    captured: float | None = None
    one: float | None = None


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


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What each script may take: seconds, bytes of memory; `files` are made-up ones, of which it gets a
    copy, and `outputs` a folder that keeps what it writes to its streams, if anybody wants that.
    `timed`: say what one training takes, too."""

    seconds: float
    memory: int
    files: Path
    outputs: Path | None = None
    timed: bool = False


def asked(tag: str, path: str, source: bytes, limits: Limits) -> Answer:
    """Capture one script in a process of its own: a copy of this one, which has imported Keras.

    Those `OF_THEIR_OWN` are not run.
    """
    if (own := OF_THEIR_OWN.get(f"{tag} {path}")) is not None:
        return Answer(tag=tag, path=path, outcome="without", why=own, seconds=0.0)
    with tempfile.TemporaryDirectory(prefix="official-") as name:
        folder = Path(name)
        shutil.copytree(limits.files, folder, dirs_exist_ok=True, copy_function=os.link)
        script, told = folder / Path(path).name, folder / "answer.json"
        script.write_bytes(source)
        begun = time.monotonic()
        status = _in_a_process(script, told, limits)
        took = time.monotonic() - begun
        said = (folder / "output.txt").read_text(errors="replace")
        if limits.outputs is not None:
            (limits.outputs / f"{tag}-{path.replace('/', '-')}.txt").write_text(said)
        if told.exists():
            return Answer(tag=tag, path=path, seconds=took, **json.loads(told.read_text()))
        why = f"ran longer than {limits.seconds:g} s" if status is None else (
            f"ended with {status}: {said[-300:]}")
        return Answer(tag=tag, path=path, outcome="crashed", why=why, seconds=took)


def _in_a_process(script: Path, told: Path, limits: Limits) -> int | None:
    """Run it in its folder; its exit status, or `None` where the time was over."""
    sys.stdout.flush()
    number = os.fork()
    if number == 0:
        try:
            os.setsid()
            os.chdir(script.parent)
            os.environ.update(HOME=str(script.parent))
            output = os.open("output.txt", os.O_CREAT | os.O_WRONLY)
            for stream, target in ((0, os.open(os.devnull, os.O_RDONLY)), (1, output), (2, output)):
                os.dup2(target, stream)
            official_one.main(Path(script.name), Path(told.name), limits.memory, timed=limits.timed)
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(1)
    end = time.monotonic() + limits.seconds
    while time.monotonic() < end:
        done, status = os.waitpid(number, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.1)
    os.killpg(number, signal.SIGKILL)
    os.waitpid(number, 0)
    return None


def counted(answers: list[Answer]) -> str:
    """How many there were of each outcome, in two sentences."""
    found = Counter(answer.outcome for answer in answers)
    one = [a.outcome for a in answers if Path(a.path).name not in SEVERAL_OR_NONE
           and a.outcome != "without"]
    share = (f" Of the {len(one)} that train a single network and lack nothing, {one.count('taken')}"
             f" were taken ({100 * one.count('taken') / len(one):.0f} %)." if one else "")
    return (f"{len(answers)} scripts: {found['taken']} taken, {found['refused']} refused,"
            f" {found['without']} without a package or a training, {found['crashed']} crashed.{share}")


def page(answers: list[Answer], of: int) -> str:
    """The page of `docs/`, in Markdown, where there are `of` scripts in all."""
    lines = ["# The official examples of Keras", "",
             f"Written by `python benchmarks/official.py CLONE --write` on {date.today():%d %B %Y}:"
             " every script of `examples/`"
             " (Keras 2.3.1), `examples/keras_io/` and `guides/` (Keras 3.0.0), unmodified, with"
             " made-up data in place of downloads and without TensorFlow installed."
             f" {len(OF_THEIR_OWN)} of them fail with the packages of today, or train nothing for a"
             " long time: they were read, and are not run.",
             "", counted(answers), ""]
    if len(answers) < of:
        lines += [f"{of - len(answers)} more scripts were not tried this time.", ""]
    for tag, folder in PLACES:
        mine = [a for a in answers if a.tag == tag and a.path.startswith(f"{folder}/")]
        lines += [f"## {folder} of {tag}", "", counted(mine), "",
                  "| script | answer | |", "|---|---|---|"]
        lines += [f"| {a.path.removeprefix(folder + '/')} | {a.outcome} | {_told(a)} |" for a in mine]
        lines.append("")
    return "\n".join(lines)


def _told(answer: Answer) -> str:
    text = f"{answer.engine} engine; {answer.training}" if answer.outcome == "taken" else answer.why
    if answer.captured is not None and answer.one is not None:
        text += f"; captured in {answer.captured:.0f} s, one training {answer.one:.2g} s"
    return " ".join(text.split()).replace("|", "\\|")


def main() -> None:
    """Read the command line, ask for every script, tell."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("clone", type=Path, help="a clone of keras-team/keras")
    parser.add_argument("--only", default="", help="scripts with this in their path; or this,that")
    parser.add_argument("--seconds", type=float, default=300.0, help="the most that each may take")
    parser.add_argument("--memory", type=float, default=10.0, help="the most memory of each, in GB")
    parser.add_argument("--json", type=Path, help="put the answers there, beside those of others")
    parser.add_argument("--outputs", type=Path, help="a folder that keeps what the scripts write")
    parser.add_argument("--timed", action="store_true", help="tell what capture and training take")
    parser.add_argument("--write", action="store_true", help="write the table to docs/official.md")
    given = parser.parse_args()
    if given.write and given.only and not given.json:
        parser.error("--write wants every script: with --only, give the --json that has the others.")
    wanted = [one for one in scripts(given.clone)
              if any(part in f"{one[0]}/{one[1]}" for part in given.only.split(","))]
    answers: list[Answer] = []
    with tempfile.TemporaryDirectory(prefix="official-files-") as name:
        limits = Limits(seconds=given.seconds, memory=int(given.memory * 2**30), files=Path(name),
                        outputs=given.outputs, timed=given.timed)
        make_files(limits.files)
        for one in wanted:
            answers.append(asked(*one, limits))
            print(f"{answers[-1].outcome:8} {answers[-1].seconds:6.1f} s  {one[0]} {one[1]}:"
                  f" {_told(answers[-1])[:300]}", flush=True)
            if given.json:
                _keep(given.json, answers)
    print(counted(answers))
    if given.write:
        PAGE.write_text(page(_kept(given.json) or answers, sum(1 for _ in scripts(given.clone))))


def _kept(file: Path | None) -> list[Answer]:
    """The answers of a file."""
    return [Answer(**one) for one in json.loads(file.read_text())] if file and file.exists() else []


def _keep(file: Path, answers: list[Answer]) -> None:
    """Put answers into a file, in the place of older ones of the same scripts."""
    all_of_them = {(one.tag, one.path): one for one in (*_kept(file), *answers)}
    file.write_text(json.dumps([asdict(one) for _, one in sorted(all_of_them.items())], indent=1))


if __name__ == "__main__":
    main()
