"""How hard the texts are to read: `python benchmarks/readability.py` writes docs/readability.md.

For each kind of text: words in a sentence (median, and the longest tenth), the share of sentences of
more than 25 words, and the share of words that are neither among the 3,000 most frequent of English
(`wordfreq`) nor in the glossary (`unstuck explain --words`). Code, names and numbers do not count.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
from wordfreq import top_n_list

from unstuck.reports.manual.pages import entries
from unstuck.reports.parts.glossary import WORDS

ROOT = Path(__file__).parents[1]
OUT = ROOT / "docs" / "readability.md"
KNOWN = 3000
LONG = 25
_CODE = re.compile(r"```.*?```|`[^`]*`|\]\([^)]*\)|https?://\S+|\$\$?.*?\$\$?", re.S)
_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?", re.I)
_ENDINGS = ("", "s", "es", "ed", "d", "ing", "ly", "er", "est", "'s", "n't")


def texts() -> Iterator[tuple[str, str]]:
    """Each kind of text with its words."""
    yield "glossary", " ".join(WORDS.values())
    yield "README", (ROOT / "README.md").read_text(encoding="utf-8")
    pages = (re.sub(r"(?m)^    .*$|^#+ .*$", "", entry.page) for entry in entries().values())
    yield "checks' pages", "\n\n".join(pages)
    for path in sorted((ROOT / "docs").rglob("*.md")):
        if path != OUT and path.parent.name != "gallery":  # those are answers
            yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")


def sentences(text: str) -> list[list[str]]:
    """The words of each sentence; tables, headings and lists' marks end one."""
    text = _CODE.sub(" x ", text)
    text = re.sub(r"(?m)^\s*(?:\|.*|#.*)$", "\n\n", text)
    text = re.sub(r"(?m)^\s*(?:[-*]|\d+\.) ", "\n\n", text)
    found = re.split(r"(?<=[.!?:;])\s+|\n\s*\n", text)
    return [words for part in found if len(words := _WORD.findall(part.lower())) > 2]


def measured(text: str, known: set[str]) -> tuple[int, float, float, float, float]:
    """Sentences, median and 90 % of their lengths, share of long ones, share of rare words."""
    found = sentences(text)
    lengths = np.asarray([len(words) for words in found])
    words = [word for one in found for word in one if len(word) > 2]
    rare = sum(word not in known for word in words)
    return (len(found), float(np.median(lengths)), float(np.quantile(lengths, 0.9)),
            float((lengths > LONG).mean()), rare / max(1, len(words)))


def main() -> None:
    """Measure all texts, and write the page."""
    stems = {*top_n_list("en", KNOWN), *_WORD.findall(" ".join((*WORDS, *WORDS.values())).lower())}
    known = {stem + end for stem in stems for end in _ENDINGS} | {
        stem[:-1] + end for stem in stems if stem.endswith("e") for end in ("ing", "ed", "er")}
    rows = [(name, *measured(text, known)) for name, text in texts()]
    lines = [
        "# How hard the texts are to read", "",
        f"Written by `benchmarks/readability.py` on {date.today():%d %B %Y}. Shorter sentences and more"
        " frequent words are easier to read. Words in code, names and numbers are not counted.", "",
        f"| text | sentences | words in a sentence, median | longest tenth | longer than {LONG} words |"
        f" words outside the {KNOWN:,} most frequent and the glossary |", "|---|---|---|---|---|---|",
        *(f"| {name} | {count:,} | {median:.0f} | {tenth:.0f} | {long:.0%} | {rare:.0%} |"
          for name, count, median, tenth, long, rare in rows)]
    OUT.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
