"""A real browser, Debian's or another Chromium that is installed; never one that a test downloads.

Where there is none, the tests are skipped with a notice that cannot be overlooked. Only on a machine
that says it is a CI's (`CI=true`), and as root there, the distribution's package is installed first.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pictures_examples import PICTURED, hostile
from results_examples import HEALTHY
from unstuck.reports import render

if TYPE_CHECKING:
    from playwright.sync_api import Browser

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def chromium() -> str | None:
    """The program, from UNSTUCK_CHROMIUM or the path."""
    return os.environ.get("UNSTUCK_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


def install() -> None:
    """Have the distribution install its package; whatever goes wrong, the notice will say it."""
    quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    for command in (("apt-get", "update"), ("apt-get", "install", "-y", "--no-install-recommends",
                                            "chromium", "fonts-liberation")):  # fmt: skip
        try:
            subprocess.run(command, check=False, timeout=240, **quiet,
                           env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})  # fmt: skip
        except (OSError, subprocess.TimeoutExpired):
            return


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One browser for all tests of a worker."""
    if chromium() is None and os.environ.get("CI") == "true" and os.geteuid() == 0:
        # Workers of one run take turns: apt-get lets nobody else in meanwhile.
        lock = tmp_path_factory.getbasetemp().parent / "chromium.lock"
        with lock.open("w") as held:
            import fcntl

            fcntl.flock(held, fcntl.LOCK_EX)
            if chromium() is None:
                install()
    program = chromium()
    if program is None:
        pytest.skip("NO BROWSER: the page was not tested. Install chromium, or set UNSTUCK_CHROMIUM.")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # In containers Chromium cannot make its sandbox; it opens nothing but our own pages.
        opened = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def page_files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Pages on disk, by name."""
    folder = tmp_path_factory.mktemp("pages")
    found = {}
    for name, result in {**PICTURED, "healthy": HEALTHY, "hostile": hostile()}.items():
        found[name] = folder / f"{name}.html"
        found[name].write_text(render("html", result), encoding="utf-8")
    return found
