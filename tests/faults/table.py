"""The page `docs/reliability.md`: what was injected how often in a run of the tests, what came out."""

from __future__ import annotations

from datetime import date

Seen = dict[str, list[tuple[str, int, str]]]
"""By test: which fault, how often, what came out."""

FAULTS = {
    "F01": "a process killed while it trains",
    "F02": "a training that hangs",
    "F03": "memory exhausted",
    "F04": "memory of a GPU taken in advance by children",
    "F05": "NaN and infinity in losses, weights, data",
    "F06": "Ctrl-C once and twice, SIGTERM, SIGHUP",
    "F07": "disk full, folder read-only",
    "F08": "a journal torn at any byte",
    "F09": "two diagnoses of one script at once",
    "F10": "hostile or damaged files",
    "F11": "the script raises before fit",
    "F12": "the script raises after fit",
    "F13": "sys.exit, os._exit, handlers of the script's own",
    "F14": "fit called many times",
    "F15": "fit never called, or a loop of one's own",
    "F16": "fit in a function, a thread, a guard, a script that spawns",
    "F17": "generators as data",
    "F18": "tf.data pipelines",
    "F19": "a DataLoader",
    "F20": "a train_step of the user's own",
    "F21": "models written as classes",
    "F22": "several inputs and outputs, weights of rows and classes, masks, a short last batch",
    "F23": "layers with state: a dropout mask for each replica",
    "F24": "callbacks with side effects",
    "F25": "validation_split on little data",
    "F26": "a script that prints, reads, changes folders",
    "F27": "odd terminals and encodings",
    "F28": "a backend other than JAX",
    "F29": "versions outside the tested range",
    "F30": "clocks that jump",
    "F31": "a budget too small for one training",
    "F32": "faults of unstuck itself, at every inner boundary",
    "F33": "code in a saved diagnosis, or another script's path",
    "F34": "whatever may lie at a destination, or come there while a file is made",
    "F35": "a budget in trainings, under any load",
    "F36": "control characters and signs of direction in names and texts",
    "F37": "saved diagnoses and journals in which anything may stand",
    "F38": "data and arguments of fit that make no sense",
    "F39": "memory too short for the library that draws",
    "F40": "folders that are missing: home, temporary files, journals, the working directory",
    "F41": "the process that runs the user's code is ended, however it may be",
    "F42": "a run of ten minutes",
    "F43": "a network",
    "F44": "a training given up while compiled code runs on",
    "F45": "a lock file, or settings, that are something else",
}
_ELSEWHERE = {
    "F05": "tests/base/test_stats.py", "F11": "tests/capture/test_runner.py",
    "F12": "tests/capture/test_runner.py", "F13": "tests/capture/test_runner.py",
    "F14": "tests/capture", "F15": "tests/capture",
    "F16": "tests/capture/test_runner.py", "F17": "tests/capture",
    "F18": "tests/capture/test_tensorflow_data.py",
    "F19": "tests/capture/test_tape.py, with a stand-in for torch's", "F20": "tests/capture",
    "F21": "tests/capture and tests/interventions",
    "F22": "tests/population/test_fidelity.py",
    "F23": "tests/population/test_fidelity.py", "F24": "tests/capture",
    "F25": "tests/population/test_fidelity.py", "F26": "tests/capture/test_runner.py",
    "F28": "tests/capture/test_runner.py", "F29": "tests/network/test_adapter.py",
    "F33": "tests/diagnosis/test_changes.py and tests/doors/test_replay.py",
    "F34": "tests/base/test_atomic.py, tests/doors/test_kinds_of_files.py and tests/doors/test_cli.py",
    "F35": "tests/search/test_counted.py",
    "F36": "tests/base/test_characters.py and tests/faults/test_hostile_files.py",
    "F37": "tests/faults/test_fuzzed_documents.py", "F40": "tests/faults/test_places.py",
    "F44": "tests/faults/test_given_up.py",
    "F45": "tests/doors/test_guard.py and tests/doors/test_config.py",
}
_TEXT = """\
# What goes wrong, and what then

Written by the test run itself, last on {today}; not edited by hand
(`UNSTUCK_RELIABILITY=docs/reliability.md UNSTUCK_SLOW=1 pytest tests/faults`). A line stands here only
if every assertion of its test held. All tests together take hours, so they are run in parts: each line
is of the last run of its test.

Tests that want TensorFlow or PyTorch have an environment and a command of their own: `.ci/tensorflow`
and `.ci/torch`. On 30 November 2026, on two cores with other work beside them, `.ci/tensorflow` took
8 min 47 s to install TensorFlow 2.21 and 10 min 24 s for 418 tests with one worker; all passed.

| fault | injected | what came out |
|---|---:|---|
"""


EARLIER = "earlier"
"""Stands for the tests of which only the page's lines are known."""


def kept(before: Seen, now: Seen) -> Seen:
    """All counts: those of this run in place of what its tests had before."""
    fresh = {(number, outcome) for notes in now.values() for number, _, outcome in notes}
    earlier = [note for note in before.get(EARLIER, []) if (note[0], note[2]) not in fresh]
    return {**before, EARLIER: earlier, **now}


def page(seen: Seen) -> str:
    """The page in Markdown, of what each test has noted."""
    notes = [note for test in sorted(seen) for note in seen[test]]
    rows = []
    for number, words in FAULTS.items():
        by_outcome: dict[str, int] = {}
        for of, times, outcome in notes:
            if of == number:
                by_outcome[outcome] = by_outcome.get(outcome, 0) + times
        for outcome, times in by_outcome.items():
            rows.append(f"| {number} {words} | {times:,} | {outcome} |")
        if not by_outcome:
            place = _ELSEWHERE.get(number)
            told = f"held by {place}" if place else "not injected in this run"
            rows.append(f"| {number} {words} | | {told} |")
    text = _TEXT.format(today=f"{date.today():%d %B %Y}") + "\n".join(rows) + "\n"
    failed = [outcome for of, _, outcome in notes if of == "failed"]
    if failed:
        text += "\nFailed: " + ", ".join(f"`{name}`" for name in failed) + ".\n"
    return text
