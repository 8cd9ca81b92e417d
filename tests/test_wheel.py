"""The wheel: what is in it, which systems take it, and that it needs no compiler."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

pytestmark = pytest.mark.skipif(
    not os.environ.get("CI"), reason="builds the wheel, for which pip fetches the builder: CI=true")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run([sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", folder, ROOT],
                   check=True)  # fmt: skip
    (found,) = folder.glob("*.whl")
    return found


def test_it_lists_what_is_compiled_into_it(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as file:
        (name,) = [name for name in file.namelist() if ".dist-info/sboms/" in name]
        parts = json.loads(file.read(name))
        engines = [name for name in file.namelist() if name.endswith((".so", ".pyd"))]
    assert parts["bomFormat"] == "CycloneDX" and len(engines) == 2
    assert {part["name"] for part in parts["components"]} == {"nanobind", "robin-map"}
    assert all(part["version"][0].isdigit() and part["purl"].endswith(part["version"])
               for part in parts["components"])  # fmt: skip


@pytest.mark.skipif(sys.platform != "linux", reason="manylinux")
def test_it_hangs_on_nothing_but_what_every_linux_has(wheel: Path) -> None:
    shown = subprocess.run([sys.executable, "-m", "auditwheel", "show", wheel], capture_output=True,
                           text=True, check=True)  # fmt: skip
    assert '"manylinux_2_' in shown.stdout.replace("\n", " ")


def test_two_bits_are_diagnosed_by_the_native_engine_without_a_compiler(wheel: Path) -> None:
    done = subprocess.run([sys.executable, ROOT / ".ci" / "installed.py", wheel.parent],
                          capture_output=True, text=True, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "diagnosed without a compiler by native" in done.stdout
