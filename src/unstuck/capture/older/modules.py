"""Modules that have the names of both times: `keras` as it is, and what it was called."""

from __future__ import annotations

import functools
import importlib
import importlib.util
from collections.abc import Iterable
from types import ModuleType
from typing import Any

from unstuck.base.errors import NotSupported
from unstuck.capture import tensorflow
from unstuck.network import adapter
from unstuck.script.dialect import Dialect
from unstuck.script.spellings import CLASSES, FUNCTIONS, MODULES, TENSORFLOW_KERAS

from . import backend, classics, six
from .arguments import Translated, takes_old_arguments

_REAL, _SERVED = "_unstuck_real", "_unstuck_served"
_BORROWED = ("tensorflow_datasets",)
"""Packages that hand out data sets of TensorFlow's own."""

Extras = dict[str, dict[str, Any]]


class Served:
    """The stand-ins of one run of a script.

    Args:
        dialect: how the script is spelled.

    `notes` are what the user should know of how the script was met.
    """

    def __init__(self, dialect: Dialect) -> None:
        self.notes: list[str] = []
        self._decays = dialect.keeps_decay
        self._facades: dict[str, ModuleType] = {}
        self._classes: dict[tuple[type, str], Translated] = {}
        self._tensorflow = tensorflow.facade(
            functools.partial(self.module, "keras"), self._note, keras_2=dialect.is_keras_2)
        self._extras: Extras = {
            "keras.backend": backend.functions(), **classics.extras(self.class_of),
        }

    def knows(self, name: str) -> bool:
        """Whether an import of this module is answered here."""
        root = name.partition(".")[0]
        if root == "keras":
            return not f"{name}.".startswith("keras.src.")
        if root == "six":
            return not tensorflow.installed(root)
        return root in ("tensorflow", "tf_keras") or (root in _BORROWED and tensorflow.installed(root))

    def imported(self, name: str, whole: bool) -> ModuleType:
        """What an import statement binds: the module itself (`whole`), or its outermost package.

        Raises:
            ModuleNotFoundError: there is no such module, today or in other years.
        """
        module = self.module(name)
        return module if whole else self.module(name.partition(".")[0])

    def module(self, name: str) -> ModuleType:
        """The stand-in for a module, by the name it has in the script."""
        for package, today in TENSORFLOW_KERAS.items():
            if f"{name}.".startswith(f"{package}."):
                return self.module(today + name[len(package) :])
        root = name.partition(".")[0]
        if root == "six":
            return six.module(name)
        if root in _BORROWED:
            return tensorflow.whole(name)
        if root != "keras":
            return self._tensorflow.module(name)
        today = self._today(name)
        if today not in self._facades:
            self._facades[today] = Facade(today, importlib.import_module(today), self)
        return self._facades[today]

    def attribute(self, module: str, real: ModuleType, name: str) -> Any:
        """What a name of a module stands for in the script."""
        extras = self._extras.get(module, {})
        qualified = f"{module}.{name}"
        if name in extras:
            return extras[name]
        if qualified in FUNCTIONS:
            owner, _, function = FUNCTIONS[qualified].rpartition(".")
            return self._as_served(getattr(importlib.import_module(owner), function), name)
        if name in CLASSES and hasattr(real, CLASSES[name]):
            return self._as_served(getattr(real, CLASSES[name]), name)
        if hasattr(real, name):
            return self._as_served(getattr(real, name), name)
        if qualified in MODULES:
            return self.module(qualified)
        if name in classics.GONE:
            raise NotSupported(f"{qualified} is no longer in Keras. {classics.GONE[name]}")
        raise AttributeError(f"module {module!r} has no attribute {name!r}", name=name, obj=real)

    def names(self, module: str, real: ModuleType) -> Iterable[str]:
        """Every public name of a module."""
        old = {name.rpartition(".")[2] for name in FUNCTIONS if name.rpartition(".")[0] == module}
        classes = {name for name, today in CLASSES.items() if hasattr(real, today)}
        known = {*dir(real), *self._extras.get(module, ()), *old, *classes}
        return sorted(name for name in known if not name.startswith("_"))

    def class_of(self, cls: type, written: str = "") -> Translated:
        """The class of Keras that takes arguments of either spelling."""
        key = cls, written or cls.__name__
        if key not in self._classes:
            self._classes[key] = Translated(*key, decays=self._decays)
        return self._classes[key]

    def _note(self, note: str) -> None:
        if note not in self.notes:
            self.notes.append(note)

    def _as_served(self, value: Any, written: str) -> Any:
        if isinstance(value, ModuleType) and value.__name__.startswith("keras."):
            public = "keras." + value.__name__.removeprefix("keras.").removeprefix("api.")
            return value if public.startswith("keras.src.") else self.module(public)
        if isinstance(value, type) and adapter.is_keras_class(value) and takes_old_arguments(value):
            return self.class_of(value, written)
        return value

    def _today(self, name: str) -> str:
        today = MODULES.get(name, name)
        if today == name and importlib.util.find_spec(name) is None:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return today


class Facade(ModuleType):
    """A module with the names that it has, and those that it had."""

    def __init__(self, name: str, real: ModuleType, served: Served) -> None:
        super().__init__(name, real.__doc__)
        vars(self).update({
            _REAL: real, _SERVED: served, "__path__": getattr(real, "__path__", []),
            "__file__": getattr(real, "__file__", None), "__spec__": real.__spec__,
        })

    def __getattr__(self, name: str) -> Any:
        real, served = vars(self)[_REAL], vars(self)[_SERVED]
        if name == "__all__":
            return list(served.names(self.__name__, real))
        if name.startswith("__") and name != "__version__":
            return getattr(real, name)
        return served.attribute(self.__name__, real, name)

    def __dir__(self) -> list[str]:
        return list(vars(self)[_SERVED].names(self.__name__, vars(self)[_REAL]))
