"""Draw the pictures of reports that stand beside this file: `python docs/pictures.py`.

It diagnoses two scripts of the repository, renders their pages, and photographs the pages' tops in
the Chromium that is installed (`UNSTUCK_CHROMIUM` names another). Figures come from the machine that
it runs on.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

HERE = Path(__file__).parent
PICTURES = (
    ("report_two_bits.png", "examples/two_bits.py", "light", "body", 1250),
    ("report_unscaled_targets.png", "specimens/unscaled_targets.py", "dark", "#see", 1300),
)
"""File, script, colours, the part that is shown, and how much of it, in pixels."""


def main() -> None:
    """Draw them all. Exits with a sentence where there is no Chromium."""
    program = os.environ.get("UNSTUCK_CHROMIUM") or shutil.which("chromium")
    if program is None:
        sys.exit("There is no Chromium. Install it, or name it in UNSTUCK_CHROMIUM.")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        for name, script, scheme, part, height in PICTURES:
            page_file = Path(folder) / "report.html"
            subprocess.run(
                [sys.executable, "-m", "unstuck", "run", str(HERE.parent / script), "--html",
                 str(page_file), "--quiet", "--exit-zero", "--budget", "60s"],
                check=True, stdout=subprocess.DEVNULL,
            )  # fmt: skip
            page = browser.new_page(viewport={"width": 1240, "height": 900}, color_scheme=scheme)
            page.goto(page_file.as_uri())
            box = page.locator(part).bounding_box()
            assert box is not None
            page.screenshot(
                path=HERE / name, full_page=True,
                clip={"x": 0, "y": box["y"], "width": 1240, "height": min(height, box["height"])},
            )  # fmt: skip
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
