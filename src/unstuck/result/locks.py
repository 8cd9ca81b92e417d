"""What `unstuck.lock` holds: how often each training learned, as text that is meant to be committed.

Written and read as TOML, the values plain; nothing of it is executable.
"""

from __future__ import annotations

import dataclasses
import json
import tomllib
import typing
from dataclasses import dataclass

from unstuck.base.errors import UnstuckError

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


def from_toml(text: str, name: str) -> tuple[Locked, ...]:
    """The trainings of a file's text.

    Raises:
        UnstuckError: it is no lock file of this version.
    """
    try:
        document = tomllib.loads(text)
        if document.get("schema") != SCHEMA:
            raise ValueError(f"its schema is {document.get('schema')!r}, not {SCHEMA!r}")
        return tuple(_locked(entry) for entry in document.get("training", ()))
    except (ValueError, TypeError, AttributeError) as error:
        raise UnstuckError(f"{name} is no lock file of unstuck's: {error}. unstuck guard --update"
                           " writes one.") from error


def _locked(entry: typing.Any) -> Locked:
    given = {**entry, "arguments": tuple(entry.get("arguments", ()))}
    made = Locked(**given)
    hints: dict[str, tuple[type, ...]] = {
        "str": (str,), "int": (int,), "float": (int, float), "tuple[str, ...]": (tuple,)}
    for field in dataclasses.fields(Locked):
        if not isinstance(getattr(made, field.name), hints[str(field.type)]):
            raise TypeError(f"{field.name} is {getattr(made, field.name)!r}")
    return made
