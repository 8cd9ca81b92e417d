"""A part of TensorFlow's names: what is known of it, and a sentence for everything else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

from unstuck.base.errors import NotSupported

Lookup = Callable[[str], Any]


class Namespace(ModuleType):
    """A module that has what it is given, and refuses everything else by name.

    Args:
        name: its dotted name.
        known: its contents.
        otherwise: asked for a name that is not among them; `None` where it has nothing either.
    """

    def __init__(
        self, name: str, known: Mapping[str, Any], otherwise: Lookup | None = None
    ) -> None:
        super().__init__(name)
        vars(self).update(known, __path__=[])
        vars(self)["_otherwise"] = otherwise

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        otherwise = vars(self)["_otherwise"]
        found = None if otherwise is None else otherwise(name)
        if found is None:
            raise refusal(f"{self.__name__}.{name}")
        return found

    def __dir__(self) -> list[str]:
        return sorted(name for name in vars(self) if not name.startswith("_"))

    def module(self, name: str) -> ModuleType:
        """The part with this dotted name, as an import asks for it.

        Raises:
            ModuleNotFoundError: nothing is known of it.
        """
        found: Any = self
        for part in name.split(".")[1:]:
            found = vars(found).get(part) if isinstance(found, ModuleType) else None
            if not isinstance(found, ModuleType):
                raise ModuleNotFoundError(
                    f"No module named {name!r}: unstuck's stand-in for TensorFlow has none", name=name)
        assert isinstance(found, ModuleType)
        return found


class Root(Namespace):
    """TensorFlow itself, whose `keras` is made when first asked for."""

    def __init__(
        self, keras_module: Callable[[], ModuleType], known: Mapping[str, Any],
        otherwise: Lookup | None,
    ) -> None:
        super().__init__("tensorflow", known, otherwise)
        vars(self)["_keras"] = keras_module

    def __getattr__(self, name: str) -> Any:
        if name == "keras":
            return vars(self)["_keras"]()
        return getattr(self.keras, name) if name in _OF_KERAS else super().__getattr__(name)


_OF_KERAS = frozenset({"initializers", "losses", "metrics", "optimizers"})
"""Parts of Keras's that TensorFlow has under its own name as well."""


def refusal(name: str) -> NotSupported:
    """The error for a dotted name of TensorFlow that nothing stands for."""
    short = "tf" + name.removeprefix("tensorflow")
    return NotSupported(
        f"{short} is not among the functions of TensorFlow that unstuck knows: it trains the script's"
        f" network with Keras 3 on JAX. {_INSTEAD.get(short, _OTHERWISE)}")


_OTHERWISE = "Write this part with keras.ops, or, before the network is trained, with numpy."
_INSTEAD = {
    "tf.GradientTape": "Loops with a tape of their own are not taken yet: call model.fit, or pass the"
                       " model and the data to unstuck.diagnose.",
    "tf.Session": "Sessions ended with TensorFlow 1; build the network with tf.keras and call fit.",
    "tf.placeholder": "Placeholders ended with TensorFlow 1; write keras.Input.",
    "tf.gradients": "Graphs with gradients of their own are not taken; call model.fit.",
    "tf.estimator": "Estimators are gone from TensorFlow, too; build the network with tf.keras.",
    "tf.contrib": "It is gone from TensorFlow, too; look for the like of it in keras.layers.",
    "tf.py_function": "Compute it with numpy before the network, or write it with keras.ops.",
}
"""What to do, by what is missing."""
