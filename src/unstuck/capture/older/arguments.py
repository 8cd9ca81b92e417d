"""Arguments of other years, turned into today's; and classes that take both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from unstuck.base.errors import NotSupported
from unstuck.capture import randomness
from unstuck.script.spellings import ANY_LAYER, ARGUMENTS, KERAS_1, VALUES, WITHOUT_MEANING

Arguments = dict[str, Any]


def translated(kind: str, given: Mapping[str, Any]) -> Arguments:
    """The keyword arguments of a call of this kind, as Keras 3 has them.

    Raises:
        NotSupported: one of them asks for what Keras 3 cannot do.
    """
    renamed = ARGUMENTS.get(kind, {})
    gone = WITHOUT_MEANING.get(kind, frozenset())
    found: Arguments = {}
    for name, value in given.items():
        if name in gone:
            _check_gone(kind, name, value)
            continue
        today = name if name not in renamed or renamed[name] in given else renamed[name]
        if isinstance(value, str):
            value = VALUES.get(today, {}).get(value, value)
        found[today] = value
    if "samples_per_epoch" in given:
        raise NotSupported(
            "samples_per_epoch counts rows, and Keras has counted batches since 2017. Write"
            " steps_per_epoch, the number of batches in an epoch, instead."
        )
    return found


def _check_gone(kind: str, name: str, value: Any) -> None:
    """Refuse the values of a dropped argument that change what is computed."""
    harmless = {"mode": (0,), "forget_bias_init": ("one", "ones"), "time_major": (False,),
                "target_tensors": (None,), "sample_weight_mode": (None,)}
    if name in harmless and value not in harmless[name]:
        raise NotSupported(f"{kind}({name}={value!r}) is no longer in Keras; take it out.")


class Translated:
    """Stands for a class of Keras: called, it makes that class's objects from either spelling.

    It can be derived from and asked for by `isinstance`, as the class itself.
    """

    def __init__(self, cls: type, written: str, *, decays: bool) -> None:
        drawing = {keras.layers.Layer: randomness.Layer, keras.layers.Lambda: randomness.Lambda}
        self._cls, self._written, self._decays = cls, written, decays
        self._made = drawing.get(cls, cls)
        self.__name__ = self.__qualname__ = cls.__name__
        self.__doc__ = cls.__doc__

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        kind = self._cls.__name__
        arguments = translated(kind, kwargs)
        if issubclass(self._cls, keras.layers.Layer):
            args = tuple(map(_whole, args))
            arguments = {name: _whole(value) for name, value in arguments.items()}
        if issubclass(self._cls, keras.layers.Layer):
            args, arguments = _layer(self._cls, self._written, args, arguments, kwargs)
        elif issubclass(self._cls, keras.optimizers.Optimizer) and self._decays:
            args, arguments = _decayed(self._cls, args, arguments)
        elif issubclass(self._cls, keras.callbacks.ModelCheckpoint):
            args, arguments = _checkpoint(args, arguments)
        return self._made(*args, **arguments)

    def __mro_entries__(self, bases: tuple[Any, ...]) -> tuple[type, ...]:
        return (self._made,)

    def __instancecheck__(self, instance: Any) -> bool:
        return isinstance(instance, self._cls)

    def __subclasscheck__(self, subclass: type) -> bool:
        return issubclass(getattr(subclass, "_cls", subclass), self._cls)

    def __getattr__(self, name: str) -> Any:
        if name in ("_cls", "_written", "_decays", "_made"):  # not set yet, as in a copy
            raise AttributeError(name)
        return getattr(self._cls, name)

    def __eq__(self, other: object) -> bool:
        return self._cls is getattr(other, "_cls", other)

    def __hash__(self) -> int:
        return hash(self._cls)

    def __or__(self, other: Any) -> Any:
        return self._cls | other

    def __ror__(self, other: Any) -> Any:
        return other | self._cls

    def __repr__(self) -> str:
        return repr(self._cls)


def takes_old_arguments(cls: type) -> bool:
    """Whether a class of Keras is called otherwise today than in other years."""
    layer = issubclass(cls, keras.layers.Layer) and not issubclass(cls, keras.Model)
    return layer or cls.__name__ in ARGUMENTS or cls.__name__ in WITHOUT_MEANING


def _layer(
    cls: type, written: str, args: tuple[Any, ...], arguments: Arguments, given: Mapping[str, Any]
) -> tuple[tuple[Any, ...], Arguments]:
    name = cls.__name__
    if "batch_size" in given and given.get("stateful"):
        shape = (int(given["batch_size"]), *tuple(given.get("input_shape", ("…",))))
        raise NotSupported(
            f"{name}(batch_size={given['batch_size']}, stateful=True) fixes the size of the batch. Put"
            f" keras.Input(batch_shape={shape}) before that layer instead.")
    if name.startswith(("Conv", "SeparableConv")):
        args, arguments = _kernel_size(written, args, arguments, given)
    if name in ("LSTM", "GRU") and written.startswith("CuDNN"):
        arguments.setdefault("recurrent_activation", "sigmoid")
    if name == "Dense" and len(args) > 1 and isinstance(args[1], str) and _old(given):
        args, arguments = args[:1], {"kernel_initializer": args[1], **arguments}
    old = next(iter(ANY_LAYER))
    if old in arguments and cls is not keras.layers.InputLayer:
        shape = arguments.pop(old)
        if shape[0] is not None:
            raise NotSupported(
                f"{name}({old}={tuple(shape)}) fixes the size of the batch. Put"
                f" keras.Input(batch_shape={tuple(shape)}) before that layer instead."
            )
        arguments["input_shape"] = tuple(shape[1:])
    return args, arguments


def _whole(value: Any) -> Any:
    """numpy's whole numbers, which Keras 2 took for sizes, as Python's."""
    if isinstance(value, tuple):
        return tuple(map(_whole, value)) if type(value) is tuple else value
    return int(value) if isinstance(value, np.integer) else value


def _old(given: Mapping[str, Any]) -> bool:
    return bool(KERAS_1 & given.keys())


def _kernel_size(
    written: str, args: tuple[Any, ...], arguments: Arguments, given: Mapping[str, Any]
) -> tuple[tuple[Any, ...], Arguments]:
    """Rows and columns of a kernel, which Keras 1 took as two numbers, as one pair."""
    if "nb_row" in arguments and "nb_col" in arguments:
        pair = (arguments.pop("nb_row"), arguments.pop("nb_col"))
        return args, {**arguments, "kernel_size": pair}
    numbers = len(args) == 3 and all(isinstance(arg, int) for arg in args)
    if numbers and "2D" in written and (written.startswith("Convolution") or _old(given)):
        return args[:1], {**arguments, "kernel_size": args[1:]}
    return args, arguments


def _decayed(
    cls: type, args: tuple[Any, ...], arguments: Arguments
) -> tuple[tuple[Any, ...], Arguments]:
    """`decay` as the schedule that it was; Keras 3 itself would leave it out."""
    decay = arguments.pop("decay", 0.0)
    if not decay:
        return args, arguments
    rate = args[0] if args else arguments.pop("learning_rate", None)
    if rate is None:
        rate = cls().get_config()["learning_rate"]
    schedule = keras.optimizers.schedules.InverseTimeDecay(float(rate), 1, float(decay))
    return args[1:], {**arguments, "learning_rate": schedule}


def _checkpoint(
    args: tuple[Any, ...], arguments: Arguments
) -> tuple[tuple[Any, ...], Arguments]:
    """Names of files that Keras 3 does not write to get the ending that it asks for."""
    path = str(args[0] if args else arguments.pop("filepath", ""))
    ending = ".weights.h5" if arguments.get("save_weights_only") else ".keras"
    known = (".weights.h5",) if arguments.get("save_weights_only") else (".keras", ".h5")
    return (path if path.endswith(known) else path + ending, *args[1:]), arguments
