"""`six`, which scripts of the years between Python 2 and 3 import, where it is not installed."""

from __future__ import annotations

import builtins
import functools
import importlib
import itertools
from collections.abc import Callable
from types import ModuleType
from typing import Any

_MOVED = {
    "cPickle": "pickle", "urllib": "urllib", "urllib.request": "urllib.request",
    "urllib.parse": "urllib.parse", "urllib.error": "urllib.error", "queue": "queue",
    "configparser": "configparser", "builtins": "builtins", "StringIO": "io",
}
_MOVES: dict[str, Any] = {
    **{name: getattr(builtins, name) for name in ("range", "zip", "map", "filter", "input")},
    "reduce": functools.reduce, "xrange": range, "zip_longest": itertools.zip_longest,
}


def module(name: str) -> ModuleType:
    """The module of this dotted name.

    Raises:
        ModuleNotFoundError: there was never one, or it is not known here.
    """
    if name == "six":
        made = ModuleType("six", __doc__)
        vars(made).update(_NAMES, moves=module("six.moves"), __path__=[])
        return made
    if name == "six.moves":
        made = ModuleType(name)
        moved = {old: importlib.import_module(new) for old, new in _MOVED.items() if "." not in old}
        vars(made).update(moved | _MOVES, __path__=[])
        return made
    today = _MOVED.get(name.removeprefix("six.moves."))
    if today is None:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)
    return importlib.import_module(today)


def _add_metaclass(metaclass: type) -> Callable[[type], type]:
    def again(cls: type) -> type:
        body = {k: v for k, v in vars(cls).items() if k not in ("__dict__", "__weakref__")}
        made: type = metaclass(cls.__name__, cls.__bases__, body)
        return made

    return again


def _with_metaclass(metaclass: type, *bases: type) -> type:
    made: type = metaclass("Base", bases, {})
    return made


_NAMES: dict[str, Any] = {
    "PY2": False, "PY3": True, "string_types": (str,), "integer_types": (int,), "text_type": str,
    "binary_type": bytes, "class_types": (type,), "u": str, "print_": print,
    "iteritems": lambda d: iter(d.items()), "iterkeys": lambda d: iter(d.keys()),
    "itervalues": lambda d: iter(d.values()), "b": lambda s: s.encode("latin-1"),
    "add_metaclass": _add_metaclass, "with_metaclass": _with_metaclass, "next": next,
}
