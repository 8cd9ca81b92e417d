"""What unstuck's dependencies weigh, and what it costs to have them: writes docs/dependencies.md.

    python benchmarks/dependencies.py WHEEL

Installs the wheel into a fresh environment without pip's cache, from whatever registry pip is set up
for, and measures how long that takes, what each package weighs on disk, and how long imports take.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import venv
from datetime import date
from pathlib import Path
from statistics import median

PAGE = Path(__file__).parents[1] / "docs" / "dependencies.md"
WHY = {
    "jax": ("trains whatever the engines of ours do not, and traces networks for the program engine",
            "only the networks that the native engine knows; no fidelity to Keras's arithmetic"),
    "keras": ("the scripts' own library: models, losses and optimizers are its objects", "everything"),
    "numpy": ("arrays; Keras and JAX need it as well", "everything"),
    "scipy": ("exact tests and intervals; normal draws; JAX and scikit-learn need it as well",
              "tables of our own for each test"),
    "scikit-learn": ("the plain methods that tell what the data allows",
                     "the yardstick: what counts as learned, and NO SIGNAL"),
    "libcst": ("edits a script and leaves the rest of its text as it is", "repaired scripts"),
    "black": ("lays out the lines that a repair writes, and only these", "long lines in repairs"),
    "rich": ("colours and width of texts; Keras needs it as well", "plain texts"),
    "typer": ("the command line", "a parser of our own"),
    "safetensors": ("the one format of a saved diagnosis that cannot hold code",
                    "a format of our own, with a parser to be defended"),
    "jsonschema": ("checks a document of somebody else's before it is read",
                   "a checker of our own in front of strangers' files"),
    "threadpoolctl": ("keeps the plain methods to one thread each; scikit-learn needs it as well",
                      "cores that fight each other"),
    "joblib": ("processes for `--jobs`; scikit-learn needs it as well", "`--jobs`"),
    "jinja2": ("the pages of reports and of the manual", "`--html`"),
    "vl-convert-python": ("draws the plots of the page and of notebooks, with no browser",
                          "plots of our own, in SVG"),
}  # fmt: skip
"""By package that we ask for: why, and what would be lost without it."""
IMPORTS = (
    ("unstuck --help", ["-m", "unstuck", "--help"]),
    ("unstuck --version", ["-m", "unstuck", "--version"]),
    ("import unstuck", ["-c", "import unstuck"]),
    ("import keras (on JAX)", ["-c", "import os; os.environ['KERAS_BACKEND'] = 'jax'; import keras"]),
    ("unstuck.diagnose (imports Keras and JAX)", ["-c", "import unstuck; unstuck.diagnose"]),
)
MEASURE = """
import importlib.metadata as metadata
for one in metadata.distributions():
    size = sum(f.locate().stat().st_size for f in one.files or () if f.locate().is_file())
    print(one.name.lower(), one.version, size)
"""


def table(sizes: dict[str, tuple[str, int]]) -> list[str]:
    """The packages that we ask for, the heaviest first, and what they bring along in one row."""
    lines = ["| package | version | MB | why | without it we would lose |", "|---|---|---:|---|---|"]
    for name in sorted(WHY, key=lambda one: -sizes[one][1]):
        why, cost = WHY[name]
        lines.append(f"| {name} | {sizes[name][0]} | {sizes[name][1] / 1e6:.1f} | {why} | {cost} |")
    others = sorted(((size, name) for name, (_, size) in sizes.items()
                     if name not in {*WHY, "pip", "setuptools", "unstuck"}), reverse=True)  # fmt: skip
    heaviest = ", ".join(f"{name} {size / 1e6:.1f}" for size, name in others[:6])
    along = sum(size for size, _ in others) / 1e6
    lines.append(f"| {len(others)} more, brought along | | {along:.1f} | the heaviest: {heaviest} | |")
    whole = sum(size for name, (_, size) in sizes.items() if name not in ("pip", "setuptools"))
    version, own = sizes["unstuck"]
    return [*lines, f"| unstuck itself | {version} | {own / 1e6:.1f} | | |",
            f"| **in all** | | **{whole / 1e6:.0f}** | | |"]  # fmt: skip


def seconds(python: Path, arguments: list[str]) -> float:
    """What a process takes, median of five."""
    taken = []
    for _ in range(5):
        begun = time.perf_counter()
        subprocess.run([python, *arguments], check=True, stdout=subprocess.DEVNULL)
        taken.append(time.perf_counter() - begun)
    return median(taken)


def main() -> None:
    """Install, measure, write the page."""
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = Path(folder) / "bin" / "python"
        begun = time.perf_counter()
        install = [python, "-m", "pip", "install", "--quiet", "--no-cache-dir", "--only-binary=:all:"]
        subprocess.run([*install, Path(sys.argv[1]).resolve()], check=True)
        installed = time.perf_counter() - begun
        shown = subprocess.run([python, "-c", MEASURE], check=True, capture_output=True, text=True)
        lines = map(str.split, shown.stdout.splitlines())
        sizes = {name: (version, int(size)) for name, version, size in lines}
        times = [(what, seconds(python, arguments)) for what, arguments in IMPORTS]
    today = date.today()
    PAGE.write_text("\n".join([
        "# Dependencies", "",
        f"Written by `python benchmarks/dependencies.py` on {today.day} {today:%B %Y}: Python"
        f" {sys.version_info.major}.{sys.version_info.minor}, {os.cpu_count()} cores, load"
        f" {os.getloadavg()[0]:.0f}. Sizes are those of installed files with their bytecode.", "",
        "A dependency has to earn its place: it does what we could not do as well, or what would have"
        " to be defended if it were ours. What only a switch needs is an extra.", "",
        "## What `pip install unstuck` brings", "", *table(sizes), "",
        "## Extras", "",
        "| extra | brings | for |", "|---|---|---|",
        "| `torch` | PyTorch | scripts that train with it |",
        "| `dask`, `ray` | distributed, Ray | `--cluster` |",
        "| `docs` | MkDocs and its theme | building this site |",
        "| `test` | what the tests need, with `docs` | working on unstuck |",
        "| `study` | altair, wordfreq | the drawings of studies |", "",
        "## What it takes", "",
        "| | seconds |", "|---|---:|",
        f"| `pip install` of the wheel, nothing cached | {installed:.0f} |",
        *(f"| {what} | {taken:.2f} |" for what, taken in times), "",
        "Times are of whole processes, median of five; the first row hangs on registry and network.",
        "The wheel needs no compiler. From source, with a C++ compiler"
        " `pip install .` compiles two engines, without one it leaves them out.", "",
    ]), encoding="utf-8")  # fmt: skip
    print(PAGE)


if __name__ == "__main__":
    main()
