"""Which year's spelling of Keras a script is in, with the modules beside it that it imports."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from . import Script
from .nodes import parsed
from .old_spellings import Old, old_spellings

_SUSPICIOUS = frozenset({
    "lr", "nb_epoch", "output_dim", "init", "W_regularizer", "border_mode", "nb_filter", "subsample",
    "input", "output", "samples_per_epoch", "batch_input_shape", "nb_row", "inner_activation",
})

_OF_OTHER_YEARS = re.compile(
    r"\bTensorBoard\b|^\s*(import|from) six\b|_dataset_from_|\bTextVectorization\b|\b\w+Lookup\("
    r"|KERAS_BACKEND\W+tensorflow",
    re.MULTILINE)
"""What needs stand-ins, though Keras of today has it, or it was never Keras's."""


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """The spelling that a script is in.

    `year` is "Keras 1", "Keras 2", "tf.keras", or "" where nothing is certain; `spellings` are what
    tells it. `keeps_decay`: the optimizers' `decay` is meant as it was, and not left out.
    """

    year: str
    spellings: tuple[Old, ...]

    @property
    def keeps_decay(self) -> bool:
        """Whether `decay` of an optimizer has its old meaning."""
        return bool(self.year)

    @property
    def is_keras_2(self) -> bool:
        """Whether the script trains with the package tf_keras, which is Keras 2."""
        return any("tf_keras" in found.old for found in self.spellings)

    def __str__(self) -> str:
        told = list(dict.fromkeys(found.old for found in self.spellings))
        shown = ", ".join(told[:4]) + (", …" if len(told) > 4 else "")
        return f"{self.year} ({shown})"


def dialect_of(script: Script, directory: str | Path = ".") -> Dialect | None:
    """The spelling of a script and of the modules beside it that it imports; `None`: today's."""
    sources = [script, *_modules_beside(script, Path(directory), set())]
    found = tuple(old for source in sources for old in old_spellings(source))
    if found:
        years = {old.year for old in found}
        return Dialect(year=next(y for y in ("Keras 1", "tf.keras", "Keras 2") if y in years),
                       spellings=found)
    if any(_is_suspicious(source) for source in sources):
        return Dialect(year="", spellings=())
    return None


def imported(script: Script, directory: str | Path = ".") -> frozenset[str]:
    """The packages that a script and the modules beside it import, by their first names."""
    sources = [script, *_modules_beside(script, Path(directory), set())]
    return frozenset(name.partition(".")[0] for source in sources for name in _imports(source))


def _imports(script: Script) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(parsed(script)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def _modules_beside(script: Script, directory: Path, seen: set[Path]) -> Iterator[Script]:
    for name in sorted(_imports(script)):
        stem = directory.joinpath(*name.split("."))
        for path in (stem.with_suffix(".py"), stem / "__init__.py"):
            if path in seen or not path.is_file():
                continue
            seen.add(path)
            try:
                module = Script.read(path)
            except (OSError, SyntaxError, ValueError):
                continue  # Python will say so, when the script runs
            yield module
            yield from _modules_beside(module, directory, seen)


def _is_suspicious(script: Script) -> bool:
    words = {node.arg for node in ast.walk(parsed(script)) if isinstance(node, ast.keyword)}
    return bool(words & _SUSPICIOUS) or _OF_OTHER_YEARS.search(script.text) is not None
