"""Every fault is counted where its test injects it; `docs/reliability.md` is made of the counts.

    UNSTUCK_RELIABILITY=docs/reliability.md UNSTUCK_SLOW=1 pytest tests/faults

A test calls `fault("F08", times, "what came out")` when all its assertions held. The counts lie in
`seen.json`, each with its test, so that tests may be run in parts; the page has the last of each.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from faults.table import Seen, kept, page

_SEEN: Seen = {}
_KEPT = Path(__file__).with_name("seen.json")


@pytest.fixture
def fault(request: pytest.FixtureRequest) -> Callable[[str, int, str], None]:
    """Notes that a fault was injected so many times, and what came out."""

    def note(number: str, times: int, outcome: str) -> None:
        _SEEN.setdefault(request.node.nodeid, []).append((number, times, outcome))

    return note


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Failing tests stand in the page too."""
    if report.failed and "faults/" in report.nodeid:
        _SEEN[report.nodeid] = [("failed", 1, report.nodeid)]
    elif report.when == "call" and report.passed and "faults/" in report.nodeid:
        _SEEN.setdefault(report.nodeid, [])


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the page where it was asked for."""
    target = os.environ.get("UNSTUCK_RELIABILITY")
    if target and "PYTEST_XDIST_WORKER" not in os.environ:
        seen = kept(json.loads(_KEPT.read_text(encoding="utf-8")), _SEEN)
        _KEPT.write_text(json.dumps(seen, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        Path(target).write_text(page(seen), encoding="utf-8")
