"""What every repair that can be written has to look like in its file."""

from __future__ import annotations

import ast
import io
import tokenize

import black

from unstuck.diagnosis.repair import rewritten
from unstuck.result.results import Result
from unstuck.script import Script

DIGITS = 4
"""A number of more digits than that is hardly one that somebody has chosen."""


def assert_well_written(script: Script, result: Result) -> None:
    """Raises AssertionError where a repair's file is not one that its author would merge as it is."""
    for repair in result.repairs:
        if repair.edits is not None:
            text = rewritten(script, repair).text
            ast.parse(text)
            if _by_black(script.text):
                assert _by_black(text), repair.interventions
            odd = _numbers(text) - _numbers(script.text)
            assert not odd, (repair.interventions, odd)


def _by_black(text: str) -> bool:
    return black.format_str(text, mode=black.Mode()) == text


def _numbers(text: str) -> set[str]:
    """The long numbers of statements with no comment in them or in the two lines above."""
    tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    told = {token.start[0] for token in tokens if token.type == tokenize.COMMENT}
    statements = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.stmt)]
    found = set()
    for token in tokens:
        digits = token.string.lower().split("e")[0].replace(".", "").replace("_", "").strip("0")
        if token.type == tokenize.NUMBER and len(digits) > DIGITS:
            line = token.start[0]
            own = max((s for s in statements if s.lineno <= line <= (s.end_lineno or line)),
                      key=lambda s: s.lineno)
            if told.isdisjoint(range(own.lineno - 2, (own.end_lineno or line) + 1)):
                found.add(token.string)
    return found
