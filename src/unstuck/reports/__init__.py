"""How it is told: each format is a pure function of a `Result`, and a file in `formats/`.

A report never computes, trains or imports Keras, so that a saved diagnosis is rendered at once.
`text` is for people at a terminal, `html` for people who would rather look, `json` for programs,
`sarif` for editors and code scanning, `github` for the annotations of a workflow. `parts/` are the
blocks that several formats share, `html_page/` the page with its charts, `manual/` the checks' pages.

May import: result and base.
Others take: `render`, `all_reports`, the manual, and words and colours for the terminal.
"""

from __future__ import annotations

import functools
from abc import ABC, abstractmethod
from typing import ClassVar, TypedDict, Unpack

from unstuck.base.registry import discover, names_in
from unstuck.result.results import Result

from . import formats
from .parts.own_names import in_own_words


class Options(TypedDict, total=False):
    """How a report for people looks; formats for programs take no notice of it.

    - `width`: columns, 80 by default.
    - `color`: ANSI colours, off by default; they never carry anything alone.
    - `encoding`: of the stream it goes to, "utf-8" by default; plain ASCII signs are used where it
      lacks ours.
    - `verbose`: 0 by default, the answer in some ten lines; 1 adds how trainings end, the proof of
      each cause and what else was tried; 2 and more p-values, the ladder's rungs and whatever else
      was measured; below 0 only the verdict, the causes and the repair are left.
    - `diff`: the repairs as complete unified diffs, with file names and line numbers.
    - `data`: on by default; off, a page holds none of the user's rows.
    - `saved`: the file that the result is saved in, if it is, so that commands can name it.
    """

    width: int
    color: bool
    encoding: str
    verbose: int
    diff: bool
    data: bool
    saved: str | None


class Report(ABC):
    """A format. Its name is that of its file; `suffix` is usual for files that hold it.

    One `for_people` has the author's names for layers, the others Keras's.
    """

    suffix: ClassVar[str]
    for_people: ClassVar[bool] = True

    @abstractmethod
    def render(self, result: Result, **options: Unpack[Options]) -> str:
        """The whole report, ending with a newline unless it is empty."""


def names() -> tuple[str, ...]:
    """The names of all formats; none of them is imported."""
    return names_in(formats)


def render(name: str, result: Result, **options: Unpack[Options]) -> str:
    """A result in the format of that name. Raises KeyError if there is none."""
    report = all_reports()[name]()
    return report.render(in_own_words(result) if report.for_people else result, **options)


@functools.cache
def all_reports() -> dict[str, type[Report]]:
    """Every format, by name."""
    return discover(formats, Report)  # type: ignore[type-abstract]
