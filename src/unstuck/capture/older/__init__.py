"""Runs scripts in the spelling of Keras 1, Keras 2 and tf.keras, as they are, on Keras 3.

While such a script runs, what its own files import as `keras` or `tensorflow` are stand-ins: modules
that have the names of both times (`modules`), classes that take the arguments of both (`arguments`),
the functions of `keras.backend` (`backend`) and TensorFlow's (`capture.tensorflow`), whether that is
installed or not. Neither Keras nor `sys.modules` is changed, other packages see neither, and what the
user's functions hold of them keeps working when the replicas are trained. Only models get a few
methods that they once had (`methods`), and arrays TensorFlow's, for as long as the script runs.

What Keras 3 accepts is taken as Keras 3 takes it; only what it would refuse is translated. A script
in the spelling of today runs without any of this.
"""

from __future__ import annotations

import builtins
import contextlib
import functools
import importlib.machinery
import warnings
from collections.abc import Callable, Iterator, Mapping
from types import ModuleType
from typing import Any

from unstuck.capture.patches import Attribute, patched
from unstuck.capture.runner import is_beside
from unstuck.capture.tensorflow import tensors
from unstuck.capture.tensorflow.blocks import rewritten
from unstuck.network import adapter
from unstuck.script.dialect import Dialect

from .methods import wrappers
from .modules import Served

__all__ = ["understood"]


@contextlib.contextmanager
def understood(dialect: Dialect | None, directory: str) -> Iterator[list[str]]:
    """While open, code of the user's may be written in the spelling of other years.

    Gives the notes on how it was met, which grow meanwhile.

    Args:
        dialect: how the script is spelled; `None`, today's: nothing is done.
        directory: where the user's own modules are.
    """
    if dialect is None:
        yield []
        return
    served = Served(dialect)
    loader = adapter.owner(importlib.machinery.SourceFileLoader, "get_code")
    importing: dict[Attribute, Callable[[Any], Any]] = {
        (builtins, "__import__"): lambda original: _importer(original, served, directory),
        (loader, "get_code"): functools.partial(_compiling, directory),
    }
    everywhere = {**importing, **wrappers(dialect.year), **tensors.methods()}
    with patched(everywhere), adapter.journalled(), warnings.catch_warnings():
        # Keras says how it would be written today; that is no news in such a script.
        warnings.filterwarnings("ignore", "Do not pass an `input_shape`")
        warnings.filterwarnings("ignore", "Argument `(input_length|alpha)` is deprecated")
        warnings.filterwarnings("ignore", "Explicitly requested dtype u?int64")
        warnings.filterwarnings("ignore", ".*the data `x` was provided as an infinite PyDataset")
        yield served.notes


def _importer(original: Callable[..., Any], served: Served, directory: str) -> Callable[..., Any]:
    def __import__(
        name: str, globals: Mapping[str, Any] | None = None, locals: Any = None,
        fromlist: Any = (), level: int = 0,
    ) -> ModuleType:
        if level == 0 and served.knows(name) and _is_the_users(globals, directory):
            return served.imported(name, bool(fromlist))
        module: ModuleType = original(name, globals, locals, fromlist, level)
        return module

    return __import__


def _compiling(directory: str, original: Any) -> Any:
    """Modules of the user's with tapes in them are rewritten; no file of theirs is written."""
    def get_code(loader: Any, name: str) -> Any:
        path = loader.get_filename(name)
        if is_beside(path, directory):
            tree = rewritten(loader.get_data(path), path)
            if tree is not None:
                return compile(tree, path, "exec", dont_inherit=True)
        return original(loader, name)

    return get_code


def _is_the_users(importing: Mapping[str, Any] | None, directory: str) -> bool:
    """Whether the code that imports is the script itself, or a module beside it."""
    if importing is None:
        return False
    file = importing.get("__file__")
    if importing.get("__name__") == "__main__" or not isinstance(file, str):
        return True
    return is_beside(file, directory)
