"""Every fault is counted where its test injects it; `docs/reliability.md` is made of the counts.

    UNSTUCK_RELIABILITY=docs/reliability.md UNSTUCK_SLOW=1 pytest tests/faults

A test calls `fault("F08", times, "what came out")` when all its assertions held.
"""

from __future__ import annotations

import os
import secrets
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import pytest

from faults.table import page

_SEEN: dict[str, list[tuple[int, str]]] = defaultdict(list)
_FAILED: list[str] = []


@pytest.fixture
def fault() -> Callable[[str, int, str], None]:
    """Notes that a fault was injected so many times, and what came out."""

    def note(number: str, times: int, outcome: str) -> None:
        _SEEN[number].append((times, outcome))

    return note


@pytest.fixture
def same_draw(monkeypatch: pytest.MonkeyPatch) -> None:
    """Scripts without a seed draw the same data in every diagnosis."""
    monkeypatch.setattr(secrets, "randbits", lambda bits: 7)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Failing tests stand in the page too."""
    if report.failed and "faults/" in report.nodeid:
        _FAILED.append(report.nodeid)


def pytest_sessionfinish() -> None:
    """Write the page where it was asked for."""
    target = os.environ.get("UNSTUCK_RELIABILITY")
    if target and "PYTEST_XDIST_WORKER" not in os.environ:
        Path(target).parent.mkdir(exist_ok=True)
        Path(target).write_text(page(_SEEN, _FAILED), encoding="utf-8")
