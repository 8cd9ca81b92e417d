"""Whatever lies in `checks/`, `interventions/` or `reports/formats/` is registered by being there."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from types import ModuleType
from typing import TypeVar

T = TypeVar("T")


def names_in(package: ModuleType) -> tuple[str, ...]:
    """The dashed names of what lies in a package, in order; nothing is imported."""
    return tuple(info.name.replace("_", "-")
                 for info in sorted(pkgutil.iter_modules(package.__path__), key=lambda info: info.name)
                 if not info.name.startswith("_"))


def discover(package: ModuleType, base: type[T]) -> dict[str, type[T]]:
    """The subclasses of `base` in a package, by the dashed name of the file that defines them.

    A file defines one such class; files whose name begins with an underscore hold helpers.

    Raises:
        TypeError: a file defines none, or more than one.
    """
    found: dict[str, type[T]] = {}
    for name in names_in(package):
        module = importlib.import_module(f"{package.__name__}.{name.replace('-', '_')}")
        members = [
            member
            for member in vars(module).values()
            if inspect.isclass(member)
            and issubclass(member, base)
            and member.__module__ == module.__name__
        ]
        if len(members) != 1:
            raise TypeError(f"{module.__name__} must define one {base.__name__}, not {len(members)}")
        found[name] = members[0]
    return found
