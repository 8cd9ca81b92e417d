"""What `unstuck.lock` holds: how often each training learned, as text that is meant to be committed.

Written and read as TOML, the values plain; nothing of it is executable.
"""

from __future__ import annotations

import dataclasses
import json
import tomllib
import typing
from dataclasses import dataclass
from pathlib import Path

from unstuck.base.atomic import write_bytes
from unstuck.base.errors import UnstuckError
from unstuck.base.reading import LARGEST_TOML, toml_of

SCHEMA = "unstuck-lock/1"
NAME = "unstuck.lock"
_HEAD = """\
# How often each training of this project learns, written by: unstuck guard --update
# Commit it. `unstuck guard` measures again, and fails where one learns less often.
"""


@dataclass(frozen=True, kw_only=True)
class Locked:
    """One training as it was measured: of `trainings` from seed `seed` on, `successes` learned.

    `rate` has the 95 % interval `low` to `high`. `yardstick` says what counts as learned, `goal` is the
    user's own as written. `horizon`: each was trained for so many updates only; 0 for to its end.
    """

    script: str
    arguments: tuple[str, ...] = ()
    fit: str = "1"
    goal: str = ""
    seed: int = 0
    horizon: int = 0
    trainings: int
    successes: int
    rate: float
    low: float
    high: float
    yardstick: str
    sha256: str
    unstuck: str
    keras: str
    jax: str
    numpy: str
    python: str

    @property
    def key(self) -> tuple[str, tuple[str, ...], str]:
        """What tells one training from another."""
        return self.script, self.arguments, self.fit


def to_toml(locked: typing.Iterable[Locked]) -> str:
    """The file's text; the same trainings give the same text."""
    parts = [f'{_HEAD}schema = "{SCHEMA}"\n']
    for one in sorted(locked, key=lambda one: one.key):
        # A JSON string, number or list of these is one of TOML's.
        rows = (f"{name} = {json.dumps(value)}" for name, value in dataclasses.asdict(one).items())
        parts.append("\n[[training]]\n" + "\n".join(rows) + "\n")
    return "".join(parts)


def write(path: Path, locked: typing.Iterable[Locked]) -> None:
    """Write a lock file; it replaces another, and nothing else.

    Raises:
        OSError: it cannot be written.
        UnstuckError: something else is there.
    """
    write_bytes(path, to_toml(locked).encode(), ours=is_lock)


def read(path: Path) -> tuple[Locked, ...]:
    """The trainings of a lock file.

    Raises:
        UnstuckError: it is no lock file of this version.
    """
    document = toml_of(path)
    try:
        if document.get("schema") != SCHEMA:
            raise ValueError(f"its schema is {document.get('schema')!r}, not {SCHEMA!r}")
        return tuple(_locked(entry) for entry in document.get("training", ()))
    except (ValueError, TypeError, AttributeError) as error:
        raise UnstuckError(f"{path} is no lock file of unstuck's: {error}. unstuck guard --update"
                           " writes one.") from error


def is_lock(stream: typing.BinaryIO) -> bool:
    """True for a file of this form; it may be replaced by another."""
    try:
        return tomllib.loads(stream.read(LARGEST_TOML).decode()).get("schema") == SCHEMA
    except (ValueError, RecursionError):
        return False


def _locked(entry: typing.Any) -> Locked:
    given = {**entry, "arguments": tuple(entry.get("arguments", ()))}
    made = Locked(**given)
    hints = {"str": (str,), "int": (int,), "float": (int, float), "tuple[str, ...]": (tuple,)}
    for field in dataclasses.fields(Locked):
        if type(getattr(made, field.name)) not in hints[str(field.type)]:
            raise TypeError(f"{field.name} is {getattr(made, field.name)!r}")
    if not all(isinstance(argument, str) for argument in made.arguments):
        raise TypeError(f"arguments is {list(made.arguments)!r}")
    if not (0 < made.successes <= made.trainings and 0 <= made.low <= made.rate <= made.high <= 1
            and made.seed >= 0 and made.horizon >= 0):
        raise ValueError(f"the numbers of {made.script} cannot have been measured")
    return made
