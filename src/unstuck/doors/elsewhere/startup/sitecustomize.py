"""What a Python that `--python` names does when it starts: it finds unstuck, and borrows what it lacks.

Python imports a module of this name by itself; one of the environment's own is imported after it.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from importlib.machinery import ModuleSpec, PathFinder
from typing import Any

_HERE, _PACKAGE = os.path.dirname(__file__), os.environ["UNSTUCK_PACKAGE"]


class _Ours:
    """Finds the unstuck that was called, whichever is installed here."""

    @staticmethod
    def find_spec(name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """Where it is; nothing for every other module."""
        if name != "unstuck":
            return None
        return importlib.util.spec_from_file_location(
            name, os.path.join(_PACKAGE, "__init__.py"), submodule_search_locations=[_PACKAGE]
        )


sys.meta_path.insert(0, _Ours)
sys.path += [path for path in os.environ["UNSTUCK_BORROWED"].split(os.pathsep) if path not in sys.path]
sys.path[:] = [path for path in sys.path if path != _HERE]
_theirs = PathFinder.find_spec("sitecustomize")
if _theirs is not None and _theirs.loader is not None:
    _theirs.loader.exec_module(importlib.util.module_from_spec(_theirs))
