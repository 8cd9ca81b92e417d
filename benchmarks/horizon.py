"""Does a horizon tell the truth? Diagnoses of a tenth of each training, against those of the whole.

    python benchmarks/horizon.py SCRIPTS_OR_FOLDERS … [--shares 0.05 0.1 0.25] [--whole 1500runs]
                                 [--first 300runs] [--replicas 64] [--limit 300] [--only NAME …]
                                 [--json FILE]

A folder is one of scripts, or of cases (`NAME/case.py`). Each is diagnosed whole, and again at a
horizon of these shares of its updates. Each diagnosis is a process of its own, as a user would run it,
and counts trainings, so that neither hangs on the load of the machine. Compared are:

- *cause agrees*: of scripts that are sick and have a proved cause or repair in whole trainings, those
  of which the horizon proves or repairs something of the same kind;
- *silent*: nothing is proved at the horizon, and nothing wrong is said;
- *wrong cause*: what is proved at the horizon touches no kind that whole trainings prove or repair;
- *only at the horizon*: whole trainings do not learn, and within their budget nothing was proved;
- *wrong acquittal*: learning is said to begin, where whole trainings do not learn. The report says
  "begins", and means it, so that these are not errors of the report but limits of a horizon.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

PROVED = ("cause", "contributes", "needs company")
LEARNS = ("LEARNS", "AT_FLOOR", "BEGINS", "LATE")


def scripts(places: list[Path], only: list[str]) -> dict[str, Path]:
    """The scripts by name."""
    found: dict[str, Path] = {}
    for place in places:
        if place.is_file():
            found[place.stem] = place
            continue
        cases = sorted(place.glob("*/case.py"))
        found |= {case.parent.name: case for case in cases} or {
            one.stem: one for one in sorted(place.glob("*.py"))}
    return {name: path for name, path in found.items() if not only or name in only}


def diagnosed(script: Path, limit: float, *switches: str) -> dict[str, Any] | None:
    """What `unstuck run` says of a script, as its JSON document; `None` where it says nothing."""
    with tempfile.TemporaryDirectory() as folder:
        said = Path(folder) / "said.json"
        begun = time.monotonic()
        try:
            subprocess.run(
                [sys.executable, "-m", "unstuck", "run", script.name, "--quiet", "--no-journal",
                 "--json", str(said), *switches],
                cwd=script.parent, capture_output=True, timeout=limit, check=False)
        except subprocess.TimeoutExpired:
            return None
        if not said.exists():
            return None
        document: dict[str, Any] = json.loads(said.read_text(encoding="utf-8"))
        return document | {"seconds": time.monotonic() - begun}


def named(result: dict[str, Any]) -> set[str]:
    """The kinds of things that were proved to matter, or that a repair changes."""
    kinds = {arm["kind"] for arm in result["arms"]
             if arm["verdict"] in PROVED and arm["kind"] != "placebo"}
    return kinds.union(*(repair["touches"] for repair in result["repairs"]))


def compared(whole: dict[str, Any], first: dict[str, Any]) -> str:
    """What a horizon says against what whole trainings say, in a word or two."""
    said, true = named(first), named(whole)
    if first["horizon"] is None:
        return "whole all the same"
    if first["outcome"] in LEARNS and not said:
        return "both learn" if whole["outcome"] in LEARNS else "wrong acquittal"
    if not said:
        return "silent" if true else "both know nothing"
    if not true and whole["outcome"] not in LEARNS:
        return "only at the horizon"
    return "cause agrees" if said & true else "wrong cause"


def row_of(script: Path, asked: argparse.Namespace) -> dict[str, Any]:
    """One script at every length."""
    common = ("--replicas", str(asked.replicas))
    whole = diagnosed(script, asked.limit, "--budget", asked.whole, "--horizon", "full", *common)
    if whole is None:
        return {"whole": None}
    row: dict[str, Any] = {
        "whole": whole["outcome"], "kinds": sorted(named(whole)), "updates": whole["fit"]["updates"],
        "seconds": whole["seconds"], "at": {}}
    for share in asked.shares:
        updates = max(1, round(share * whole["fit"]["updates"]))
        first = diagnosed(script, asked.limit, "--budget", asked.first, "--horizon", str(updates),
                          *common)
        row["at"][f"{share:g}"] = None if first is None else {
            "outcome": first["outcome"], "kinds": sorted(named(first)), "seconds": first["seconds"],
            "compared": compared(whole, first)}
    return row


def table(rows: dict[str, dict[str, Any]], shares: list[float]) -> str:
    """How often each length says what, and every script's line."""
    lines = ["| script | updates | whole | " + " | ".join(f"{100 * s:g} %" for s in shares) + " |",
             "| --- | ---: | --- |" + " --- |" * len(shares)]
    for name, row in rows.items():
        if row["whole"] is None:
            lines.append(f"| {name} | | no answer |" + " |" * len(shares))
            continue
        cells = ["no answer" if (at := row["at"][f"{s:g}"]) is None else
                 f"{at['compared']} ({at['outcome']}; {', '.join(at['kinds']) or 'nothing'})"
                 for s in shares]
        lines.append(f"| {name} | {row['updates']:,} | {row['whole']}:"
                     f" {', '.join(row['kinds']) or 'nothing'} | {' | '.join(cells)} |")
    for share in shares:
        counts = Counter("no answer" if row["at"][f"{share:g}"] is None
                         else row["at"][f"{share:g}"]["compared"]
                         for row in rows.values() if row["whole"] is not None)
        said = ", ".join(f"{what} {count}" for what, count in counts.most_common())
        lines.append(f"\nAt {100 * share:g} %: {said}.")
    return "\n".join(lines)


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("places", nargs="+", type=Path)
    parser.add_argument("--shares", nargs="+", type=float, default=[0.05, 0.1, 0.25])
    parser.add_argument("--whole", default="1500runs")
    parser.add_argument("--first", default="300runs")
    parser.add_argument("--replicas", type=int, default=64)
    parser.add_argument("--limit", type=float, default=300.0, help="seconds of one diagnosis")
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    rows: dict[str, dict[str, Any]] = {}
    for name, path in scripts(asked.places, asked.only).items():
        rows[name] = row_of(path, asked)
        print(name, json.dumps(rows[name]), file=sys.stderr, flush=True)
        if asked.json is not None:
            asked.json.write_text(json.dumps(rows, indent=1), encoding="utf-8")
    print(table(rows, asked.shares))


if __name__ == "__main__":
    main()
