"""The main job of an installed wheel, where there is no compiler: `python .ci/installed.py [FOLDER]`.

With a folder, the wheel in it is installed first, without its dependencies, into an environment of its
own that borrows those of the Python that runs this. Exits 1 with a sentence where the two-bit
autoencoder is not diagnosed, or not by the native engine.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

SCRIPT = Path(__file__).resolve().parent.parent / "examples" / "two_bits.py"
COMPILERS = ("cc", "c++", "gcc", "g++", "clang", "clang++", "cl", "clang-cl", "cmake", "ninja")


def environment_with(wheel: Path, folder: Path) -> Path:
    """A Python with the wheel; everything else is what the running one has, behind it."""
    place = folder / "environment"
    venv.create(place, with_pip=True)
    python = place / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    install = [python, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", wheel]
    subprocess.run(install, env=without_compiler(), check=True)
    asked = "import sysconfig; print(sysconfig.get_path('purelib'))"
    packages = subprocess.run([python, "-c", asked], check=True, capture_output=True, text=True).stdout
    borrowed = "\n".join(path for path in sys.path if Path(path).name.endswith("-packages"))
    (Path(packages.strip()) / "borrowed.pth").write_text(borrowed, encoding="utf-8")
    return python


def without_compiler() -> dict[str, str]:
    """This process's environment, with every folder of PATH left out that has a compiler."""
    kept = [folder for folder in os.environ["PATH"].split(os.pathsep)
            if not any(shutil.which(name, path=folder) for name in COMPILERS)]  # fmt: skip
    left_out = ("CC", "CXX", "PYTHONPATH", "CMAKE_GENERATOR")
    found = {name: value for name, value in os.environ.items() if name not in left_out}
    return found | {"PATH": os.pathsep.join(kept)}


def main() -> None:
    """Install where a wheel is named, diagnose, and look at what came out."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        python = Path(sys.executable)
        if sys.argv[1:]:
            wheels = list(Path(sys.argv[1]).glob("*.whl"))
            if len(wheels) != 1:
                sys.exit(f"{sys.argv[1]} holds {len(wheels)} wheels instead of one.")
            python = environment_with(wheels[0].resolve(), folder)
        report = folder / "report.json"
        done = subprocess.run(
            [python, "-I", "-m", "unstuck", "run", SCRIPT, "--json", report, "--no-journal", "--quiet"],
            cwd=folder, env=without_compiler(), check=False)  # fmt: skip
        if done.returncode != 1:  # a cause was proved
            sys.exit(f"The main job ended with {done.returncode} instead of 1.")
        engine = json.loads(report.read_text(encoding="utf-8"))["population"]["engine"]
        if not engine.startswith("native"):
            sys.exit(f"The network was trained by {engine}, not by the native engine.")
        print(f"two bits: diagnosed without a compiler by {engine}")


if __name__ == "__main__":
    main()
