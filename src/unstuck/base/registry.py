"""Whatever lies in `checks/`, `interventions/` or `reports/formats/` is registered by being there."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from types import ModuleType
from typing import TypeVar

T = TypeVar("T")


def discover(package: ModuleType, base: type[T]) -> dict[str, type[T]]:
    """The subclasses of `base` in a package, by the dashed name of the file that defines them.

    A file defines one such class; files whose name begins with an underscore hold helpers.

    Raises:
        TypeError: a file defines none, or more than one.
    """
    found: dict[str, type[T]] = {}
    for info in sorted(pkgutil.iter_modules(package.__path__), key=lambda info: info.name):
        if info.name.startswith("_"):
            continue
        module = importlib.import_module(f"{package.__name__}.{info.name}")
        members = [
            member
            for member in vars(module).values()
            if inspect.isclass(member)
            and issubclass(member, base)
            and member.__module__ == module.__name__
        ]
        if len(members) != 1:
            raise TypeError(f"{module.__name__} must define one {base.__name__}, not {len(members)}")
        found[info.name.replace("_", "-")] = members[0]
    return found
